"""Before a new version gets traffic: prove that it starts and reads its settings."""

from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.versions import Versions


def check_version(deployment_id: str, hook_execution_id: str, versions: Versions) -> bool:
    """Whether each version of the deployment starts, as it is told to CodeDeploy.

    A version that could not be asked has not proven anything, and does not go live.
    """
    starts = _all_start(deployment_id, versions)
    versions.report(deployment_id, hook_execution_id, succeeded=starts)
    return starts


def _all_start(deployment_id: str, versions: Versions) -> bool:
    try:
        found = versions.of_deployment(deployment_id)
        faults = {version: fault for version in found if (fault := versions.fault_of(version))}
    except StoreUnavailable as error:
        logger.error("version not checked", reason=error.detail, deploymentId=deployment_id)
        return False
    for version, fault in faults.items():
        logger.error("version does not start", function=version.function, version=version.number, error=fault)
    return bool(found) and not faults
