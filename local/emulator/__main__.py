"""`python -m local.emulator`: run the embedded AWS (ministack) as a process of its own.

Lambda functions run on the interpreter that `sys.executable` names. It is set to the base interpreter, which has none
of the development packages: a package that is missing from the layer then fails here, and not only on AWS.
"""

import sys
from typing import Any

from ministack.app import main  # type: ignore[import-untyped]
from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

from local.emulator import streams
from local.instance import base_interpreter


def _create_nothing(logical_id: str, *_: Any) -> tuple[str, dict[str, str]]:
    """Provision a resource that exists by name only."""
    return logical_id, {}


def _accept_code_deploy() -> None:
    """Accept CodeDeploy resources without creating them.

    The emulator rejects a stack that has any. It moves an alias at once, so there is no traffic to shift.
    """
    for kind in ("Application", "DeploymentGroup"):
        handlers = {"create": _create_nothing, "delete": _create_nothing}
        provisioners._RESOURCE_HANDLERS[f"AWS::CodeDeploy::{kind}"] = handlers


if __name__ == "__main__":
    _accept_code_deploy()
    streams.install()
    sys.executable = str(base_interpreter())
    main()
