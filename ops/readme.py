"""The commands in README.md with the output that it shows for them.

`ops.record_first_import` draws them, and a test runs them and compares the output.
"""

import re
import subprocess
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
README = CHECKOUT / "README.md"

FIRST_IMPORT = "A first import"
API, SANDBOX = "http://127.0.0.1:3000", "http://127.0.0.1:3001"
"""The addresses in README.md, which `run` replaces by those of its arguments."""

_FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^##+ (?P<title>.+)$", re.MULTILINE)
_OUTPUT_KINDS = ("text", "json")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced code block.

    `kind` is its info string: `sh local` is for commands that run against the local cloud. `output` is the fenced text
    right after a command.
    """

    section: str
    kind: str
    text: str
    output: str = ""


def blocks(document: Path = README) -> list[Block]:
    """Parse the fenced blocks of a document. A command's output is a part of the command's block."""
    markdown = document.read_text()
    headings = [(match.start(), match["title"]) for match in _HEADING.finditer(markdown)]
    found: list[Block] = []
    end = -1
    for fence in _FENCE.finditer(markdown):
        follows_a_command = (
            bool(found) and found[-1].kind.startswith("sh") and not markdown[end : fence.start()].strip()
        )
        if follows_a_command and fence["kind"] in _OUTPUT_KINDS:
            last = found.pop()
            found.append(Block(last.section, last.kind, last.text, fence["text"]))
        else:
            section = next((title for start, title in reversed(headings) if start < fence.start()), "")
            found.append(Block(section, fence["kind"], fence["text"]))
        end = fence.end()
    return found


def run(commands: Iterable[str], *, api: str, sandbox: str) -> list[str]:
    """Run the commands in one shell, one after the other, in the checkout. Return what every one of them prints.

    Raises: subprocess.CalledProcessError when the shell fails or anything writes to stderr.
    """
    marker = f"--- {uuid.uuid4()} ---"
    script = f'\nprintf "%s\\n" "{marker}"\n'.join(commands).replace(API, api).replace(SANDBOX, sandbox)
    completed = subprocess.run(["/bin/sh", "-c", script], cwd=CHECKOUT, capture_output=True, text=True, timeout=300)
    if completed.returncode != 0 or completed.stderr:
        raise subprocess.CalledProcessError(
            completed.returncode, "the README's commands", completed.stdout, completed.stderr
        )
    return completed.stdout.split(marker + "\n")
