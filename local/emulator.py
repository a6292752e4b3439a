"""The embedded AWS (ministack) as a process of its own: `python -m local.emulator`.

Functions run on whatever interpreter runs the emulator. That is made the bare one here: with the development
packages in reach, a package missing from the layer would go unnoticed until it fails on AWS.
"""

import sys
from typing import Any

from ministack.app import main  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local import emulator_streams
from local.instance import base_interpreter


def _stand_in(logical_id: str, *_: Any) -> tuple[str, dict[str, str]]:
    """A resource that is there by name only."""
    return logical_id, {}


if __name__ == "__main__":
    # The emulator refuses a stack with CodeDeploy in it; its aliases move at once, so there is nothing to shift.
    for kind in ("Application", "DeploymentGroup"):
        handlers = {"create": _stand_in, "delete": _stand_in}
        provisioners._RESOURCE_HANDLERS[f"AWS::CodeDeploy::{kind}"] = handlers
    emulator_streams.install()
    sys.executable = str(base_interpreter())
    main()
