"""CodeDeploy's hook before traffic: a version that cannot start must not go live."""

from typing import Any

from gateway_backend.bootstrap import services
from gateway_backend.usecases.deployment.check_version import check_version

versions = services.versions()


def handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    return {"starts": check_version(event["DeploymentId"], event["LifecycleEventHookExecutionId"], versions)}
