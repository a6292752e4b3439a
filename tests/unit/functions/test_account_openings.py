"""Account openings through the functions' handlers: the SDK's argument is exact, and nothing personal stays."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway_backend.gateway import tokens
from testing.account_openings import PERSON, opening_request
from testing.backend import Backend
from testing.gateway import KEYS


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    return Backend(monkeypatch)


def test_a_new_opening_has_all_that_the_sdk_needs(backend: Backend) -> None:
    answer = backend.request("create_account_opening", PERSON)

    assert answer.status == 201
    assert answer.json == {
        "openingId": answer.json["openingId"],
        "gatewayName": "demogateway",
        "smallcaseAuthToken": answer.json["smallcaseAuthToken"],
        "signup": PERSON,
    }
    assert re.fullmatch(r"OPN_[0-9a-f]{32}", answer.json["openingId"])
    assert tokens.account_of(answer.json["smallcaseAuthToken"], KEYS.secret, backend.now) is None


def test_the_argument_has_only_the_given_fields(backend: Backend) -> None:
    answer = backend.request("create_account_opening", {"pinCode": "560001", "name": None})

    assert answer.json["signup"] == {"pinCode": "560001"}


def test_a_repeat_gets_the_same_opening(backend: Backend) -> None:
    first, again = (backend.request("create_account_opening", PERSON, key="key-1") for _ in range(2))

    assert again.json["openingId"] == first.json["openingId"]
    assert again.json["signup"] == PERSON
    assert (first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")) == (None, "true")
    assert len(backend.request("list_account_openings").json["accountOpenings"]) == 1


def test_without_a_key_no_opening_begins(backend: Backend) -> None:
    assert backend.request("create_account_opening", PERSON, key=None).json["code"] == "IDEMPOTENCY_KEY_MISSING"
    assert backend.request("list_account_openings").json["accountOpenings"] == []


def test_an_opening_that_ended_is_listed_as_it_was_answered(backend: Backend) -> None:
    began = backend.request("create_account_opening", PERSON).json["openingId"]

    answer = backend.request("complete_account_opening", {"platform": "web", "resolved": None}, path_id=began)

    assert answer.status == 200
    assert (answer.json["openingId"], answer.json["status"], answer.json["error"]) == (began, "ENDED", None)
    assert answer.json["beganAt"] <= answer.json["endedAt"]
    assert backend.request("list_account_openings").json == {"accountOpenings": [answer.json]}


@pytest.mark.parametrize(
    ("body", "code", "action"),
    [
        ({"platform": "web", "rejected": {"code": 1010, "message": "user_cancelled"}}, 1010, "RECONNECT"),
        ({"platform": "react-native", "rejected": {"userInfo": {"errorCode": "3000"}}}, 3000, "NONE"),
        ({"platform": "flutter", "rejected": {"code": '{"errorCode": 100}'}}, 100, "CONTACT_SUPPORT"),
        ({"platform": "cordova", "resolved": {"success": False, "errorCode": 1012}}, 1012, "RECONNECT"),
        ({"platform": "web", "rejected": None}, 2000, "CONTACT_SUPPORT"),
        ({"platform": "web", "rejected": {"code": 1234}}, 1234, "CONTACT_SUPPORT"),
        ({"platform": "web", "rejected": {"code": 0}}, 0, "CONTACT_SUPPORT"),
    ],
)
def test_a_failure_is_answered_with_its_code_and_advice(
    backend: Backend, body: dict[str, Any], code: int, action: str
) -> None:
    began = backend.request("create_account_opening", PERSON).json["openingId"]

    answer = backend.request("complete_account_opening", body, path_id=began).json

    assert (answer["status"], answer["error"]["code"], answer["error"]["action"]) == ("FAILED", code, action)
    assert answer["error"]["text"].endswith(".")
    assert backend.request("list_account_openings").json["accountOpenings"] == [answer]


def test_an_unknown_opening_or_of_another_user_is_not_found(backend: Backend) -> None:
    began = backend.request("create_account_opening", PERSON).json["openingId"]
    ended = {"platform": "web", "resolved": {}}

    for user, opening in (("user-2", began), ("user-1", "OPN_unknown"), ("user-1", "../x"), ("user-1", "#")):
        answer = backend.request("complete_account_opening", ended, user=user, path_id=opening)
        assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND")
    assert backend.request("list_account_openings").json["accountOpenings"][0]["status"] == "BEGAN"


def test_users_see_only_their_own_openings(backend: Backend) -> None:
    backend.request("create_account_opening", PERSON)

    assert backend.request("list_account_openings", user="user-2").json == {"accountOpenings": []}
    assert backend.request("list_account_openings", user="user").json == {"accountOpenings": []}
    assert len(backend.request("list_account_openings").json["accountOpenings"]) == 1


# Personal data ---------------------------------------------------------------------------------


def guessable(texts: Iterator[str]) -> Iterator[str]:
    """What a person who knows the data could look for in the table."""
    for text in texts:
        yield text
        for key in (b"", b"gateway-backend idempotency"):
            yield hmac.digest(key, text.encode(), hashlib.sha256).hex()
        yield hashlib.sha256(text.encode()).hexdigest()


def test_nothing_personal_is_stored_logged_or_answered(backend: Backend) -> None:
    began = backend.request("create_account_opening", PERSON, key="key-1").json["openingId"]
    backend.request("create_account_opening", PERSON, key="key-1")
    refused = [
        backend.request("create_account_opening", {**PERSON, "name": "Somebody Else"}, key="key-1"),
        backend.request("create_account_opening", {**PERSON, "pinCode": PERSON["pinCode"] + "1"}),
        backend.request("create_account_opening", {**PERSON, "contact": "+91" + PERSON["contact"]}),
        backend.request("create_account_opening", {**PERSON, "email": PERSON["email"] + "@"}),
        backend.request("create_account_opening", {**PERSON, "name": PERSON["name"] + "\n"}),
        backend.request("create_account_opening", json.dumps(PERSON)[:-1]),
    ]
    message = " ".join(PERSON.values())
    rejected = {"code": 1010, "message": message, "data": PERSON, "broker": message, "transactionId": message}
    ended = backend.request("complete_account_opening", {"platform": "web", "rejected": rejected}, path_id=began)

    assert {answer.status for answer in refused} == {422, 400}
    assert ended.json["status"] == "FAILED"
    found = [str(answer.json) for answer in [*refused, ended, backend.request("list_account_openings")]]
    kept, logged = str(backend.table.items()), backend.logged.getvalue()
    assert began in kept
    assert logged.count('"request"') == 10
    request = opening_request(PERSON).model_dump_json()
    for trace in guessable(iter([*PERSON.values(), request, f"account opening {request}", json.dumps(PERSON)])):
        assert trace not in kept
        assert trace not in logged
        assert not [answer for answer in found if trace in answer]
