"""The requests that create transactions (contract 1.6, 2.1 to 2.4, 2.12)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.sandbox.examples import ISCID, SMALLCASE_TYPES, TCS, between
from tests.unit.sandbox.partner import Control, Partner

GUEST, CONNECTED = "guest", "connected"
# intent, body, who may create it
TOKENS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("CONNECT", {}, {GUEST}),
    ("HOLDINGS_IMPORT", {}, {GUEST, CONNECTED}),
    ("TRANSACTION", {"orderConfig": {"type": "SECURITIES", "securities": [TCS]}}, {GUEST, CONNECTED}),
    ("TRANSACTION", {"orderConfig": {"type": "BUY", "scid": "SCAW_0001"}}, {GUEST, CONNECTED}),
    *(("TRANSACTION", {"orderConfig": {"type": kind, "iscid": ISCID}}, {CONNECTED}) for kind in SMALLCASE_TYPES),
    ("SIP_SETUP", {"orderConfig": {"iscid": ISCID}}, {CONNECTED}),
    ("IMR_SETUP", {"orderConfig": {"iscid": ISCID}}, {CONNECTED}),
    ("FETCH_FUNDS", {}, {CONNECTED}),
    ("AUTHORISE_HOLDINGS", {}, {CONNECTED}),
    ("CANCEL_AMO", {"orderConfig": {"iscid": ISCID}}, {CONNECTED}),
    ("SUBSCRIPTION", {"config": {"scid": "SCAW_0001"}}, {GUEST, CONNECTED}),
    ("MF_HOLDINGS_IMPORT", {}, {GUEST, CONNECTED}),
]


@pytest.mark.parametrize("user", [GUEST, CONNECTED])
@pytest.mark.parametrize(("intent", "body", "allowed"), TOKENS)
def test_who_may_create_what(
    control: Control,
    partner: Partner,
    auth_id: str,
    intent: str,
    body: dict[str, Any],
    allowed: set[str],
    user: str,
) -> None:
    answer = partner.create(auth_id if user == CONNECTED else None, intent=intent, version=None, **body)
    assert answer.status_code == (200 if user in allowed else 400)


@pytest.mark.parametrize(
    ("intent", "body", "minutes"),
    [
        ("HOLDINGS_IMPORT", {}, 5),
        ("TRANSACTION", {"orderConfig": {"type": "SECURITIES", "securities": [TCS]}}, 15),
        ("TRANSACTION", {"orderConfig": {"type": "BUY", "scid": "SCAW_0001"}}, 15),
        ("SUBSCRIPTION", {"config": {"scid": "SCAW_0001"}}, 45),
        ("FETCH_FUNDS", {}, 5),
        ("SIP_SETUP", {"orderConfig": {"iscid": ISCID}}, 5),
    ],
)
def test_the_lifetime_of_a_transaction(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any], minutes: int
) -> None:
    details = partner.details(partner.new_intent(intent, auth_id, **body))
    assert between(details["createdAt"], details["expireAt"]) == timedelta(minutes=minutes)


INVALID = [
    {"intent": "SELL_EVERYTHING"},
    {"intent": None},
    {"version": "v1"},
    {"version": 2},
    {"notes": "n" * 257},
    {"notes": 7},
    {"assetConfig": {"mfHoldings": "yes"}},
]


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("body", INVALID)
def test_invalid_input_is_refused(partner: Partner, body: dict[str, Any]) -> None:
    assert partner.create(**body).status_code == 400


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("body", INVALID)
def test_invalid_input_has_the_envelope_with_a_type(partner: Partner, body: dict[str, Any]) -> None:
    envelope = {"success": False, "errors": [], "data": None, "errorType": "InputException"}
    assert partner.create(**body).json() | {"errors": []} == envelope


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("body", INVALID)
def test_invalid_input_is_explained(partner: Partner, body: dict[str, Any]) -> None:
    assert partner.create(**body).json()["errors"]


@pytest.mark.usefixtures("control")
def test_notes_may_have_256_characters(partner: Partner) -> None:
    assert partner.create(notes="n" * 256).status_code == 200


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize(
    "securities",
    [
        [],
        [{}],
        [{"ticker": ""}],
        [{"ticker": 7}],
        [TCS | {"quantity": 0}],
        [TCS | {"quantity": -1}],
        [TCS | {"quantity": 1.5}],
        [TCS | {"quantity": 1.0}],
        [TCS | {"quantity": "4"}],
        [TCS | {"quantity": True}],
        [TCS | {"type": "HOLD"}],
        [TCS | {"orderType": "BRACKET"}],
        # A member must be in all securities or in none: these are the documented bad examples.
        [{"ticker": "TCS", "type": "BUY"}, {"ticker": "INFY", "quantity": 1}],
        [TCS, {"ticker": "INFY"}],
        [TCS, {"ticker": "INFY", "quantity": 1}],
        [TCS, TCS],
    ],
)
def test_invalid_securities_are_refused(partner: Partner, securities: list[Any]) -> None:
    config = {"type": "SECURITIES", "securities": securities}
    answer = partner.create(intent="TRANSACTION", orderConfig=config)
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "InputException"


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("member", ["quantity", "type"])
def test_the_decision_on_a_member_may_be_left_to_the_user(partner: Partner, member: str) -> None:
    without = {name: value for name, value in TCS.items() if name != member}
    config = {"type": "SECURITIES", "securities": [without, without | {"ticker": "INFY"}]}
    assert partner.create(intent="TRANSACTION", orderConfig=config).status_code == 200


@pytest.mark.parametrize(
    ("intent", "body"),
    [
        ("TRANSACTION", {}),
        ("TRANSACTION", {"orderConfig": {"securities": [TCS]}}),
        ("TRANSACTION", {"orderConfig": {"type": "GAMBLE", "iscid": ISCID}}),
        ("TRANSACTION", {"orderConfig": {"type": "BUY", "iscid": ISCID}}),
        ("TRANSACTION", {"orderConfig": {"type": "EXIT", "scid": "SCAW_0001"}}),
        ("SIP_SETUP", {}),
        ("IMR_SETUP", {"orderConfig": {"iscid": ""}}),
        ("CANCEL_AMO", {"orderConfig": {}}),
        ("CANCEL_ORDER", {"orderConfig": {"batchId": "0" * 24}}),
        ("CANCEL_ORDER", {"orderConfig": {"batchId": "0" * 24, "ticker": "TCS"}}),
        ("SUBSCRIPTION", {"orderConfig": {"scid": "SCAW_0001"}}),
        ("MF_HOLDINGS_IMPORT", {"assetConfig": {"pan": "abcde1234f"}}),
        ("MF_HOLDINGS_IMPORT", {"assetConfig": {"phone": "12345"}}),
        ("MF_HOLDINGS_IMPORT", {"assetConfig": {"email": "nobody"}}),
        ("ONBOARDING", {}),
    ],
)
def test_an_intent_without_its_members_is_refused(
    control: Control, partner: Partner, auth_id: str, intent: str, body: dict[str, Any]
) -> None:
    answer = partner.create(auth_id, intent=intent, version=None, **body)
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "InputException"
