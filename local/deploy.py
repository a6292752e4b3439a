"""`sam deploy` to the emulator, skipped while what stands there is of the same build and settings."""

import hashlib
import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from local.build import BUILT_TEMPLATE, run_sam
from local.errors import LocalCloudError
from local.instance import AUDIENCE, REGION, STACK_NAME, Instance, architecture

_BUCKET = "gateway-backend-deployments"
_REVISION_TAG = "local-revision"
_NEVER_DEPLOYED = {"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


def parameters(instance: Instance) -> dict[str, str]:
    """The template's parameters for this instance; every other keeps its default."""
    return {
        "JwtIssuer": instance.sandbox_url,
        "JwtAudience": AUDIENCE,
        "GatewayBaseUrl": instance.sandbox_url,
        "ClockUrl": f"{instance.sandbox_url}/_sandbox/clock",
        "ScheduleRate": "rate(1 minute)",
        # The sandbox's own reading of contract 12, question 4.
        "LimitOrderFields": "orderType=orderType validity=validity price=price triggerPrice=triggerPrice",
        "Architecture": architecture(),
    }


def revision(instance: Instance, build_hash: str) -> str:
    """What a deployment is of. The stack carries it as a tag, so it is lost and kept with the stack."""
    settings = json.dumps([build_hash, parameters(instance), instance.aws_endpoint])
    return hashlib.sha256(settings.encode()).hexdigest()[:32]


def is_current(instance: Instance, wanted: str) -> bool:
    stack = describe(instance)
    if stack is None or not stack["StackStatus"].endswith("_COMPLETE"):
        return False
    return {"Key": _REVISION_TAG, "Value": wanted} in stack.get("Tags", [])


def deploy(instance: Instance, wanted: str) -> None:
    """Raises: LocalCloudError."""
    _remove_failed_first_attempt(instance)
    storage = instance.client("s3")
    with suppress(storage.exceptions.BucketAlreadyOwnedByYou):
        storage.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    run_sam(
        instance,
        ["deploy", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"],
        {
            "template-file": str(BUILT_TEMPLATE),
            "stack-name": STACK_NAME,
            "region": REGION,
            "s3-bucket": _BUCKET,
            "capabilities": "CAPABILITY_IAM",
            "tags": f"{_REVISION_TAG}={wanted}",
            # Quoted: sam ends a value at its first blank.
            "parameter-overrides": [f'{name}="{value}"' for name, value in parameters(instance).items()],
        },
        log_name="sam-deploy",
    )


def outputs(instance: Instance) -> dict[str, str]:
    """Raises: LocalCloudError when no stack stands."""
    stack = describe(instance)
    if stack is None:
        raise LocalCloudError("Nothing is deployed.", "`make up` deploys.")
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def put_gateway_secret(instance: Instance, secret_id: str) -> None:
    keys = {
        "gatewayName": instance.gateway_name,
        "secret": instance.gateway_secret,
        "apiSecret": instance.gateway_api_secret,
    }
    secrets = instance.client("secretsmanager")
    present = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
    if present != keys:
        secrets.put_secret_value(SecretId=secret_id, SecretString=json.dumps(keys))


def describe(instance: Instance) -> dict[str, Any] | None:
    cloudformation = instance.client("cloudformation")
    try:
        stacks: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError as error:
        # CloudFormation has no code of its own for a stack that is not there.
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return stacks[0] if stacks else None


def _remove_failed_first_attempt(instance: Instance) -> None:
    # CloudFormation can only delete such a stack; it holds nothing yet.
    stack = describe(instance)
    if stack is not None and stack["StackStatus"] in _NEVER_DEPLOYED:
        cloudformation = instance.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK_NAME)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
