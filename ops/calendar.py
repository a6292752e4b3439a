"""NSE's trading calendar on a running stack: show it, and add what NSE announces, without a deployment.

`python -m ops.calendar --help`. It works on the stack's table, with the credentials and the region of the AWS CLI
(`AWS_PROFILE`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL` …). Functions read it again within five minutes.
"""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table as Grid

from gateway_backend.domain.market.announcements import Announcements
from gateway_backend.domain.market.nse_holidays import COVERS_UNTIL
from gateway_backend.domain.market.sessions import EXPECTED, IST
from gateway_backend.domain.shared.errors import ConcurrentUpdate, StoreUnavailable
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.market.announcements import AnnouncementStore

LONGEST_ACKNOWLEDGEMENT = timedelta(days=92)
"""From the alarm to the end of a year and a month: who needs longer has forgotten it."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console()

type Stack = Annotated[str, typer.Option(help="Name of the CloudFormation stack")]
type Day = Annotated[str, typer.Argument(metavar="YYYY-MM-DD", help="A day in India")]
Rules = Annotated[
    list[str], typer.Argument(metavar="DAY=RULE", help='"2027-03-10=closed", "2027-10-29=open 18:00-19:00"')
]


@app.command()
def show(stack: Stack = "gateway-backend") -> None:
    """What was added to the running stack, and until when NSE's holidays are known."""
    _print(_store(stack).find())


@app.command()
def add(rules: Rules, stack: Stack = "gateway-backend") -> None:
    """Add days, or change them: closed, open (regular hours), or open HH:MM-HH:MM (IST)."""

    def added(announced: Announcements) -> Announcements:
        for text in rules:
            day, _, rule = text.partition("=")
            try:
                announced = announced.add(_parse_day(day), rule)
            except ValueError as error:
                _exit(f"{text}: {error} ({EXPECTED})")
        return announced

    _change(stack, added)


@app.command()
def remove(days: Annotated[list[str], typer.Argument(metavar="YYYY-MM-DD")], stack: Stack = "gateway-backend") -> None:
    """Take days back that were added: what the build knows of them counts again."""

    def removed(announced: Announcements) -> Announcements:
        for text in days:
            day = _parse_day(text)
            if day not in announced.rules:
                _exit(f"{day} was not added: `show` lists what was")
            announced = announced.remove(day)
        return announced

    _change(stack, removed)


@app.command()
def cover(until: Day, stack: Stack = "gateway-backend") -> None:
    """Say that all of NSE's holidays up to this day are there: the alarm comes 60 days before it."""
    day = _parse_day(until)
    if day < COVERS_UNTIL:
        _exit(f"{day}: this version itself knows the holidays until {COVERS_UNTIL}")
    _change(stack, lambda announced: announced.cover(day))


@app.command()
def acknowledge(until: Day, stack: Stack = "gateway-backend") -> None:
    """Silence the alarm that the holidays run out, until this day: NSE has not published them yet."""
    day, today = _parse_day(until), datetime.now(UTC).astimezone(IST).date()
    if not today <= day <= today + LONGEST_ACKNOWLEDGEMENT:
        _exit(f"{day}: must be from today to {today + LONGEST_ACKNOWLEDGEMENT}")
    _change(stack, lambda announced: announced.acknowledge(day))


def _change(stack: str, change: Callable[[Announcements], Announcements]) -> None:
    store = _store(stack)
    before = store.find()
    after = change(before)
    try:
        store.save(before, after)
    except ConcurrentUpdate:
        _exit("Somebody else changed the calendar in this moment: look at it with `show`, then try again")
    _print(after)


def _store(stack: str) -> AnnouncementStore:
    try:
        resource = boto3.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId="Table")
    except ClientError as error:
        _exit(f"The stack {stack} cannot be read: {error}")
    return AnnouncementStore(Table(boto3.client("dynamodb"), resource["StackResourceDetail"]["PhysicalResourceId"]))


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        _exit(f"{text}: no date such as 2027-03-10")


def _print(announced: Announcements) -> None:
    grid = Grid("day", "rule", title="Added to NSE's calendar", title_justify="left")
    for day, rule in sorted(announced.rules.items()):
        grid.add_row(f"{day:%Y-%m-%d %A}", rule)
    console.print(grid if announced.rules else "Nothing was added to NSE's calendar.")
    console.print(f"Holidays are known until {max(COVERS_UNTIL, announced.covers_until or COVERS_UNTIL)}.")
    if announced.acknowledged_until:
        console.print(f"The alarm about their end is silent until {announced.acknowledged_until}.")


def _exit(message: str) -> NoReturn:
    console.print(f"[red]{message}[/]")
    sys.exit(1)


def main() -> None:
    try:
        app()
    except (BotoCoreError, ClientError, StoreUnavailable) as error:
        _exit(f"AWS refuses: {error}")


if __name__ == "__main__":
    main()
