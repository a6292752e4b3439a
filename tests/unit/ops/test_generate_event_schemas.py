"""docs/events describes what is published: schemas that are current, valid examples, rules that match."""

import json
import re
from datetime import datetime
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from gateway_backend.contracts.events.details import EVENTS, Detail
from gateway_backend.domain.shared import times
from gateway_backend.runtime.event_bus import SOURCE
from gateway_backend.runtime.streams import Change
from gateway_backend.usecases.events.publish import events_of
from ops import generate_event_schemas
from ops.generate_event_schemas import FOLDER
from testing.template import CHECKOUT

README = (FOLDER / "README.md").read_text()
# Promise of the README: an event holds nothing that a user holds or wrote: the API gives that.
IDS_INSTANTS_AND_WORDS = {
    *("version", "id", "occurredAt", "userId", "broker", "smallcaseAuthId", "transactionId"),
    *("snapshotDate", "previousSnapshotDate", "reason", "intent", "status", "errorCode"),
    *("scid", "iscid", "action", "batchId", "revision", "final"),
}

every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)


def schema(event: type[Detail]) -> dict[str, Any]:
    return dict(json.loads(generate_event_schemas.target(event).read_text()))


def example(event: type[Detail]) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{event.__name__}.example.json").read_text()))


def is_valid(event: type[Detail], detail: Any) -> bool:
    return bool(Draft202012Validator(schema(event), validate_formats=True).is_valid(detail))


def test_every_event_has_a_schema_and_an_example_and_no_other_has() -> None:
    names = {event.__name__ for event in EVENTS}
    wanted = {f"{name}.{kind}.json" for name in names for kind in ("schema", "example")}
    assert {path.name for path in FOLDER.glob("*.json")} == wanted
    assert set(re.findall(r"^\| `(\w+)`", README, re.MULTILINE)) == names


@every_event
def test_the_committed_schema_is_up_to_date(event: type[Detail]) -> None:
    committed = generate_event_schemas.target(event).read_text(encoding="utf-8")
    assert committed == generate_event_schemas.render(event), "run `python -m ops.generate_event_schemas`"
    assert schema(event)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@every_event
def test_the_example_matches_the_schema_and_the_model(event: type[Detail]) -> None:
    detail = example(event)["detail"]
    assert is_valid(event, detail)
    assert json.loads(event.model_validate(detail).model_dump_json(by_alias=True)) == detail


@every_event
def test_the_example_is_a_whole_event_as_the_bus_delivers_it(event: type[Detail]) -> None:
    delivered = example(event)
    assert list(delivered) == [
        *("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"),
    ]
    assert (delivered["version"], delivered["detail-type"]) == ("0", event.__name__)
    assert (delivered["source"], delivered["account"], delivered["region"]) == (SOURCE, "000000000000", "ap-south-1")
    assert delivered["detail"]["id"].endswith(f"-{event.__name__}")
    assert datetime.fromisoformat(delivered["time"]) >= times.parse(delivered["detail"]["occurredAt"])


@every_event
def test_a_detail_with_a_missing_or_mistyped_member_is_invalid(event: type[Detail]) -> None:
    detail = example(event)["detail"]
    for name in detail:
        assert not is_valid(event, {key: value for key, value in detail.items() if key != name}), name
        assert not is_valid(event, detail | {name: []}), name
    assert not is_valid(event, detail | {"occurredAt": "yesterday"})
    assert not is_valid(event, detail | {"version": "2"})
    assert is_valid(event, detail | {"addedLater": 1})


@every_event
def test_a_detail_holds_ids_instants_and_fixed_words_only(event: type[Detail]) -> None:
    assert set(schema(event)["properties"]) <= IDS_INSTANTS_AND_WORDS


def test_the_events_of_the_sample_stream_match_their_schemas() -> None:
    records = json.loads((CHECKOUT / "events/publish_events.json").read_text())["Records"]
    published = [detail for record in records for detail in events_of(Change.of(record))]
    assert [type(detail).__name__ for detail in published] == [
        *("HoldingsChanged", "ConnectionLinked", "HoldingsImported", "TransactionFinished", "OrderUpdated"),
    ]
    for detail in published:
        assert is_valid(type(detail), json.loads(detail.model_dump_json(by_alias=True)))


def test_the_rule_of_the_readme_names_events_that_exist() -> None:
    (pattern,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL))
    assert pattern["source"] == [SOURCE]
    assert set(pattern["detail-type"]) <= {event.__name__ for event in EVENTS}
    assert pattern["detail"]["version"] == [Detail.model_fields["version"].default]
