"""`python -m ops.record_first_import`: record the README's first import as `docs/first-import.svg`.

Run `make up` before it: the commands run against the local cloud, and the drawing shows what they print.
"""

import io
import re

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from local.instance import Instance
from ops import readme

TARGET = readme.CHECKOUT / "docs/first-import.svg"
WIDTH = 118
WEB_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    instance = Instance.from_environment()
    commands = [block for block in readme.blocks() if block.section == readme.FIRST_IMPORT]
    outputs = readme.run([block.text for block in commands], api=instance.api_url, sandbox=instance.sandbox_url)
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    for block, output in zip(commands, outputs, strict=True):
        console.print(Text.assemble(("$ ", "green"), (block.text.rstrip(), "bold bright_cyan")))
        console.print(Text(output), end="")
    svg = console.export_svg(title="A first import", theme=MONOKAI, unique_id="first-import")
    TARGET.write_text(WEB_FONTS.sub("", svg))


if __name__ == "__main__":
    main()
