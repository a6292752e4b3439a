"""What is stored of a user, for the operator: show it, or erase everything, when the user cannot do so in the app.

`python -m ops.user_data show SUB` and `python -m ops.user_data erase SUB`; SUB is the `sub` of the user's access token.
They ask the deployed functions behind `GET /v1/me` and `DELETE /v1/me`, with the credentials and the region of the AWS
CLI (`AWS_PROFILE`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL` …).
"""

import json
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from gateway_backend.contracts.erasure.views import ErasureView, UserDataView

EVENTS = Path(__file__).parents[1] / "events"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console()

type User = Annotated[str, typer.Argument(metavar="SUB", help="The sub of the user's access token")]
type Stack = Annotated[str, typer.Option(help="Name of the CloudFormation stack")]


@app.command()
def show(user: User, stack: Stack = "gateway-backend") -> None:
    """How much is stored of the user, what they have consented to, and what they have had erased."""
    _print(user, UserDataView.model_validate(_ask(stack, "get_user_data", user)))


@app.command()
def erase(
    user: User, stack: Stack = "gateway-backend", *, yes: Annotated[bool, typer.Option(help="Do not ask")] = False
) -> None:
    """Unlink every account of the user and erase everything. It cannot be undone."""
    data = UserDataView.model_validate(_ask(stack, "get_user_data", user))
    _print(user, data)
    if not yes:
        typer.confirm(f"Erase all of this of {user}?", abort=True)
    erasure = ErasureView.model_validate(_ask(stack, "erase_user_data", user))
    console.print(
        f"Erased {erasure.erased} items. A search that finds nothing any more proves it, in ten minutes or so:"
        f" `show` has it then."
    )


def _ask(stack: str, function: str, user: str) -> Any:
    """What the function answers to the user's own request."""
    event = json.loads((EVENTS / f"{function}.json").read_text())
    event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = user
    event["requestContext"]["requestId"] = f"operator-{uuid.uuid4()}"
    logical_id = "".join(word.capitalize() for word in function.split("_")) + "Function"
    try:
        resource = boto3.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
        name = resource["StackResourceDetail"]["PhysicalResourceId"]
        answer = boto3.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    except (BotoCoreError, ClientError) as error:
        _exit(f"AWS refuses: {error}")
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        _exit(f"{logical_id} failed: {payload}")
    body = json.loads(payload["body"])
    if payload["statusCode"] >= 400:
        _exit(f"{body['code']}: {body['detail']} (correlationId {body['correlationId']})")
    return body


def _print(user: str, data: UserDataView) -> None:
    stored = data.stored
    console.print(f"[bold]{user}[/]")
    counts = Table("stored", "how many", title="What is stored", title_justify="left")
    for account in stored.accounts:
        dates = f", {account.oldest_snapshot} to {account.newest_snapshot}" if account.snapshots else ""
        counts.add_row(f"snapshots of {account.broker} {account.smallcase_auth_id}{dates}", f"{account.snapshots}")
        counts.add_row(f"webhooks about {account.smallcase_auth_id}", f"{account.webhooks}")
    for name in ("transactions", "orders", "mutual_fund_statements", "account_openings"):
        counts.add_row(name.replace("_", " "), f"{getattr(stored, name)}")
    console.print(counts)
    consents = Table("account", "broker", "given", "withdrawn", title="Consents", title_justify="left")
    for consent in data.consents:
        withdrawn = f"{consent.withdrawn_at:%Y-%m-%d %H:%M} UTC" if consent.withdrawn_at else "-"
        given = f"{consent.given_at:%Y-%m-%d %H:%M} UTC"
        consents.add_row(consent.smallcase_auth_id, consent.broker, given, withdrawn)
    _print_rows(consents)
    erasures = Table("of", "requested", "items erased", "proven", title="Erasures", title_justify="left")
    for erasure in data.erasures:
        proven = f"{erasure.finished_at:%Y-%m-%d %H:%M} UTC" if erasure.finished_at else "not yet"
        requested = f"{erasure.requested_at:%Y-%m-%d %H:%M} UTC"
        erasures.add_row(erasure.smallcase_auth_id or "everything", requested, f"{erasure.erased}", proven)
    _print_rows(erasures)


def _print_rows(table: Table) -> None:
    if table.row_count:
        console.print(table)


def _exit(message: str) -> Any:
    console.print(f"[red]{message}[/]")
    sys.exit(1)


if __name__ == "__main__":
    app()
