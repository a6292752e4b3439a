"""A version that cannot start is not reported as one that may go live."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gateway_backend.runtime.versions import Versions
from gateway_backend.usecases.deployment.check_version import check_version

STARTS = {"Payload": {"started": True}}


class Aws:
    """Lambda and CodeDeploy: a deployment of one version, which answers as it is told to."""

    def __init__(self, answer: dict[str, Any], *, targets: int = 1) -> None:
        self.answer = answer
        self.targets = targets
        self.invoked: list[tuple[str, str, Any]] = []
        self.reported: list[tuple[str, str, str]] = []

    def list_deployment_targets(self, *, deploymentId: str) -> Any:  # noqa: N803 - as botocore names it
        assert deploymentId == "d-1"
        return {"targetIds": [f"target-{number}" for number in range(self.targets)]}

    def get_deployment_target(self, **_: str) -> Any:
        info = {"functionName": "get-order", "functionAlias": "live", "currentVersion": "6", "targetVersion": "7"}
        return {"deploymentTarget": {"lambdaTarget": {"lambdaFunctionInfo": info}}}

    def invoke(self, **request: Any) -> Any:
        self.invoked.append((request["FunctionName"], request["Qualifier"], json.loads(request["Payload"])))
        if "error" in self.answer:
            raise self.answer["error"]
        return self.answer | {"Payload": io.BytesIO(json.dumps(self.answer["Payload"]).encode())}

    def put_lifecycle_event_hook_execution_status(self, **report: str) -> None:
        self.reported.append((report["deploymentId"], report["lifecycleEventHookExecutionId"], report["status"]))


def check(aws: Aws) -> bool:
    return check_version("d-1", "hook-1", Versions(aws, aws))


def test_a_version_that_starts_may_go_live() -> None:
    aws = Aws(STARTS)

    assert check(aws)
    assert aws.invoked == [("get-order", "7", {"check": "start"})]
    assert aws.reported == [("d-1", "hook-1", "Succeeded")]


@pytest.mark.parametrize(
    "answer",
    [
        {"FunctionError": "Unhandled", "Payload": {"errorType": "SettingMissing", "errorMessage": "MOST_SHARES …"}},
        {"FunctionError": "Unhandled", "Payload": None},
        {"Payload": {"statusCode": 200}},  # an older layer, which knows no such call
        {"error": ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")},
    ],
)
def test_one_that_does_not_start_or_cannot_be_asked_may_not(answer: dict[str, Any]) -> None:
    aws = Aws(answer)

    assert not check(aws)
    assert aws.reported == [("d-1", "hook-1", "Failed")]


def test_a_deployment_of_nothing_proves_nothing() -> None:
    assert not check(Aws(STARTS, targets=0))
