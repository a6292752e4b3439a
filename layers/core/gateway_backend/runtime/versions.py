"""The versions of functions, and CodeDeploy, which asks for a check before one gets traffic."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.runtime.start_check import START, STARTED


class Version(NamedTuple):
    function: str
    number: str


class Versions:
    """Each method raises StoreUnavailable when AWS does not answer, or refuses."""

    def __init__(self, lambda_client: Any, codedeploy_client: Any) -> None:
        self._lambda = lambda_client
        self._codedeploy = codedeploy_client

    def of_deployment(self, deployment_id: str) -> list[Version]:
        """Those that the deployment is about to give traffic."""
        with _answers_of_aws():
            targets = self._codedeploy.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
        return [self._version(deployment_id, target) for target in targets]

    def _version(self, deployment_id: str, target_id: str) -> Version:
        with _answers_of_aws():
            target = self._codedeploy.get_deployment_target(deploymentId=deployment_id, targetId=target_id)
        info = target["deploymentTarget"]["lambdaTarget"]["lambdaFunctionInfo"]
        return Version(info["functionName"], info["targetVersion"])

    def fault_of(self, version: Version) -> str | None:
        """Why the version does not start: the type of its error; None if it does."""
        with _answers_of_aws():
            answer = self._lambda.invoke(
                FunctionName=version.function, Qualifier=version.number, Payload=json.dumps(START).encode()
            )
        answered = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            return str(answered.get("errorType", "FunctionError")) if isinstance(answered, dict) else "FunctionError"
        return None if answered == STARTED else "NotStarted"

    def report(self, deployment_id: str, hook_execution_id: str, *, succeeded: bool) -> None:
        """Without such a report CodeDeploy waits for an hour, then takes the deployment back."""
        with _answers_of_aws():
            self._codedeploy.put_lifecycle_event_hook_execution_status(
                deploymentId=deployment_id,
                lifecycleEventHookExecutionId=hook_execution_id,
                status="Succeeded" if succeeded else "Failed",
            )


@contextmanager
def _answers_of_aws() -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable(f"AWS does not answer about a version: {type(error).__name__}") from error
