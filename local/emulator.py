"""The embedded AWS (ministack) as a process of its own: `python -m local.emulator`.

Functions run on whatever interpreter runs the emulator. That is made the bare one here: with the development
packages in reach, a package missing from the layer would go unnoticed until it fails on AWS.
"""

import sys

from ministack.app import main  # type: ignore[import-untyped]

from local.instance import base_interpreter

if __name__ == "__main__":
    sys.executable = str(base_interpreter())
    main()
