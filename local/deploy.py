"""`sam deploy` to the emulator, skipped while the deployed stack is of the same build and settings."""

import hashlib
import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from local.build import BUILT_TEMPLATE
from local.errors import LocalCloudError
from local.instance import AUDIENCE, REGION, STACK_NAME, Instance, architecture
from local.sam import run_sam

_BUCKET = "gateway-backend-deployments"
_REVISION_TAG = "local-revision"
_FAILED_FIRST_DEPLOYMENT = {"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


def parameters(instance: Instance) -> dict[str, str]:
    """Return the template parameters of this instance; all others keep their defaults."""
    return {
        "JwtIssuer": instance.sandbox_url,
        "JwtAudience": AUDIENCE,
        "GatewayBaseUrl": instance.sandbox_url,
        "ClockUrl": f"{instance.sandbox_url}/_sandbox/clock",
        "ScheduleRate": "rate(1 minute)",
        # A test is many users at once, and a storm of each.
        "UserRequestsPerMinute": "9000",
        # Contract 12, question 4: the sandbox assumes these names.
        "LimitOrderFields": "orderType=orderType validity=validity price=price triggerPrice=triggerPrice",
        "Architecture": architecture(),
    }


def compute_revision(instance: Instance, inputs_hash: str) -> str:
    """Hash what a deployment is made of. The stack carries it as a tag, so it lives exactly as long as the stack."""
    settings = json.dumps([inputs_hash, parameters(instance), instance.aws_endpoint])
    return hashlib.sha256(settings.encode()).hexdigest()[:32]


def is_current(instance: Instance, revision: str) -> bool:
    stack = describe_stack(instance)
    if stack is None or not stack["StackStatus"].endswith("_COMPLETE"):
        return False
    return {"Key": _REVISION_TAG, "Value": revision} in stack.get("Tags", [])


def deploy(instance: Instance, revision: str) -> None:
    """Raises: LocalCloudError."""
    _delete_failed_first_deployment(instance)
    s3 = instance.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    run_sam(
        instance,
        ["deploy", "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"],
        {
            "template-file": str(BUILT_TEMPLATE),
            "stack-name": STACK_NAME,
            "region": REGION,
            "s3-bucket": _BUCKET,
            "capabilities": "CAPABILITY_IAM",
            "tags": f"{_REVISION_TAG}={revision}",
            # Quoted, because sam ends an unquoted value at its first blank.
            "parameter-overrides": [f'{name}="{value}"' for name, value in parameters(instance).items()],
        },
        log_name="sam-deploy",
    )


def outputs(instance: Instance) -> dict[str, str]:
    """Return the outputs of the deployed stack.

    Raises: LocalCloudError when there is no stack.
    """
    stack = describe_stack(instance)
    if stack is None:
        raise LocalCloudError("Nothing is deployed.", "`make up` deploys.")
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def put_gateway_secret(instance: Instance, secret_id: str) -> None:
    """Store the instance's Gateway keys. An equal secret is left as it is, so that its version does not change."""
    keys = {
        "gatewayName": instance.gateway_name,
        "secret": instance.gateway_secret,
        "apiSecret": instance.gateway_api_secret,
    }
    secrets = instance.client("secretsmanager")
    current = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
    if current != keys:
        secrets.put_secret_value(SecretId=secret_id, SecretString=json.dumps(keys))


def describe_stack(instance: Instance) -> dict[str, Any] | None:
    cloudformation = instance.client("cloudformation")
    try:
        stacks: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError as error:
        # CloudFormation has no error code of its own for a stack that does not exist.
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return stacks[0] if stacks else None


def _delete_failed_first_deployment(instance: Instance) -> None:
    # CloudFormation cannot update a stack in such a state. Its first deployment failed, so it has no data to lose.
    stack = describe_stack(instance)
    if stack is not None and stack["StackStatus"] in _FAILED_FIRST_DEPLOYMENT:
        cloudformation = instance.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK_NAME)
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
