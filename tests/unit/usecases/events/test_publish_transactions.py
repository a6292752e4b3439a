"""The events of a transaction: holdings imported, and its end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.usecases.events.publish import events_of
from testing.stream_records import ABOUT_ACCOUNT, COMPLETED, DONE, TRANSACTION, change, events_between


def test_a_completed_import_has_not_finished_before_its_holdings_are_stored() -> None:
    assert events_between(TRANSACTION, COMPLETED) == {}


def test_an_import_has_finished_when_its_holdings_are_stored() -> None:
    about = {**ABOUT_ACCOUNT, "transactionId": "TRX_1", "occurredAt": "2022-03-24T11:24:06.044Z"}
    finished = about | {"intent": "HOLDINGS_IMPORT", "status": "COMPLETED", "errorCode": None, "reason": None}
    assert events_between(COMPLETED, DONE) == {"HoldingsImported": about, "TransactionFinished": finished}


FAILED = COMPLETED | {"status": "ERRORED", "error": {"code": 1003, "message": "Asha denied consent"}}


def test_a_failure_is_published_with_its_code() -> None:
    (found,) = events_between(TRANSACTION, FAILED).values()
    assert (found["status"], found["errorCode"], found["reason"]) == ("ERRORED", 1003, None)


def test_a_failure_is_published_without_its_message() -> None:
    (detail,) = events_of(change(TRANSACTION, FAILED))
    assert "Asha" not in detail.model_dump_json()


def test_a_refused_link_ends_the_transaction_in_any_status() -> None:
    refused = TRANSACTION | {"refused": "ACCOUNT_OF_ANOTHER_USER", "updatedAt": "2022-03-24T11:24:05.120Z"}
    (found,) = events_between(TRANSACTION, refused).values()
    assert (found["status"], found["reason"]) == ("INITIALIZED", "ACCOUNT_OF_ANOTHER_USER")
    assert found["smallcaseAuthId"] is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, TRANSACTION),
        (TRANSACTION, TRANSACTION | {"status": "USED", "updatedAt": "2022-03-24T11:24:05.120Z"}),
        (DONE, DONE | {"updatedAt": "2022-03-25T00:00:00.000Z"}),
        (DONE, None),
    ],
    ids=["begun", "under way", "after its end", "removed"],
)
def test_a_transaction_that_goes_on_or_had_ended_is_no_event(before: Item | None, after: Item | None) -> None:
    assert events_between(before, after) == {}


def test_a_transaction_first_written_with_its_end_has_finished() -> None:
    assert list(events_between(None, DONE)) == ["HoldingsImported", "TransactionFinished"]


@given(
    path=st.lists(
        st.fixed_dictionaries(
            {"status": st.sampled_from(Status), "stored": st.booleans(), "refused": st.sampled_from([None, "NO"])}
        ),
        max_size=8,
    ),
    intent=st.sampled_from(Intent),
)
def test_every_end_of_a_transaction_is_a_single_event_on_any_way_forward(
    path: list[dict[str, Any]], intent: Intent
) -> None:
    """As the store lets it move: its status only forward, and neither an import nor a refusal is taken back."""
    now: Item = COMPLETED | {"intent": intent, "status": Status.INITIALIZED}
    ends: list[Status] = []
    imports = 0
    for step in path:
        later = now | {"status": max(Status(now["status"]), step["status"], key=lambda status: status.rank)}
        later |= {"stored": step["stored"] or now.get("stored"), "refused": now.get("refused") or step["refused"]}
        found = events_between(now, later)
        ends += [later["status"]] if "TransactionFinished" in found else []
        imports, now = imports + ("HoldingsImported" in found), later
    assert imports == (intent is Intent.HOLDINGS_IMPORT and bool(now.get("stored")))
    assert len(ends) == len(set(ends))


@pytest.mark.parametrize("intent", ["MF_HOLDINGS_IMPORT", "TRANSACTION"])
def test_another_intent_imports_no_holdings(intent: str) -> None:
    assert list(events_between(COMPLETED | {"intent": intent}, DONE | {"intent": intent})) == ["TransactionFinished"]


ORDER = TRANSACTION | {"intent": "TRANSACTION"}
FAILED_ORDER = ORDER | {
    "status": "ERRORED",
    "updatedAt": "2022-03-24T11:24:05.120Z",
    "error": {"code": 4006, "message": ""},
}


def test_a_transaction_has_not_finished_before_its_order_is_stored() -> None:
    assert events_between(ORDER, FAILED_ORDER) == {}


def test_a_transaction_has_finished_when_its_order_is_stored() -> None:
    assert events_between(FAILED_ORDER, FAILED_ORDER | {"stored": True})["TransactionFinished"]["errorCode"] == 4006
