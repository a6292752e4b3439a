"""Draw `docs/first-import.svg`: the README's first import, run for real.

`make up`, then `python -m ops.record_first_import`: what it draws is what the local cloud answers.
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
FONTS_FROM_THE_NET = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    cloud = Instance.from_environment()
    shown = [block for block in readme.blocks() if block.section == readme.FIRST_IMPORT]
    printed = readme.run([block.text for block in shown], api=cloud.api_url, sandbox=cloud.sandbox_url)
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    for block, output in zip(shown, printed, strict=True):
        console.print(Text.assemble(("$ ", "green"), (block.text.rstrip(), "bold bright_cyan")))
        console.print(Text(output), end="")
    svg = console.export_svg(title="A first import", theme=MONOKAI, unique_id="first-import")
    TARGET.write_text(FONTS_FROM_THE_NET.sub("", svg))


if __name__ == "__main__":
    main()
