"""What a document of the repository names: links, make targets, files, and names in code."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from testing.template import CHECKOUT

LAYER = CHECKOUT / "layers/core/gateway_backend"
FILE = re.compile(r"[\w./<>-]+/[\w./<>-]*|[\w.-]+\.(?:md|toml|ya?ml|json|lock|py)|Makefile|LICENSE")


def dead_links(document: Path) -> Iterator[str]:
    """Links to a file or heading that is not there. Other sites are not asked."""
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", document.read_text()):
        path, _, anchor = target.partition("#")
        leads_to = (document.parent / path).resolve() if path else document
        is_there = leads_to.exists() and (not anchor or anchor in anchors(leads_to))
        if not target.startswith("https://") and not is_there:
            yield target


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def make_targets(document: Path) -> set[str]:
    return set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.M))


def unknown_targets(named: Iterable[str]) -> Iterator[str]:
    for target in sorted(named):
        # --question runs nothing: an unknown target is an error, a known one is merely out of date.
        answer = subprocess.run(["make", "--question", target], cwd=CHECKOUT, capture_output=True, text=True)
        if answer.returncode not in (0, 1):
            yield answer.stderr


def code_spans(document: Path) -> set[str]:
    """What stands between backticks, without fenced text."""
    prose = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.M | re.S)
    return set(re.findall(r"`([^`\n]+)`", prose))


def missing_files(document: Path) -> set[str]:
    """Files and folders named in backticks, from the checkout or from inside the layer, that are not there.

    Of one with a placeholder, as in `functions/<verb_noun>/app.py`, what stands before it must be there.
    """
    named = {span for span in code_spans(document) if FILE.fullmatch(span) and not span.startswith(("/", ".local/"))}
    return {name for name in named if not any(_is_there(base, name) for base in (CHECKOUT, LAYER))}


def _is_there(base: Path, name: str) -> bool:
    fixed, placeholder, _ = name.partition("<")
    return (base / (fixed.rpartition("/")[0] if placeholder else fixed)).exists()


def missing_names(document: Path) -> set[str]:
    """Names in backticks, such as `INTENT_OF` or `Completion.complete`, that no code has."""
    named = {span for span in code_spans(document) if re.fullmatch(r"[A-Za-z_]\w*(\.[a-z_]\w*)*", span)}
    known = set(re.findall(r"\w+", "\n".join(path.read_text() for path in _code())))
    return {name for name in named if not set(name.split(".")) <= known}


def _code() -> Iterator[Path]:
    for folder in ("layers", "functions", "ops", "sandbox", "local", "testing"):
        yield from (CHECKOUT / folder).rglob("*.py")
    yield from (CHECKOUT / "template.yaml", CHECKOUT / "Makefile")
