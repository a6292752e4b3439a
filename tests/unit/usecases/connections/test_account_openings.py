"""Opening a broker account: the SDK's argument is exact, how it ended is recorded once, and nobody is remembered."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from gateway_backend.contracts.connections.account_opening import (
    CONTACT,
    EMAIL,
    NAME,
    PIN_CODE,
    AccountOpeningRequest,
    Format,
)
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.sdk_result import SdkResult, parse_sdk_result
from gateway_backend.domain.connections.account_opening import AccountOpening, OpeningStatus
from gateway_backend.domain.shared.errors import (
    IdempotencyKeyReused,
    NotFound,
    RequestInProgress,
    RequestInvalid,
    StoreUnavailable,
)
from gateway_backend.domain.transactions.report import Failure
from gateway_backend.gateway import tokens
from gateway_backend.store.connections.account_openings import AccountOpenings
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.transactions.idempotency import LEASE, IdempotencyKeys, fingerprint
from gateway_backend.usecases.connections.complete_account_opening import complete_account_opening
from gateway_backend.usecases.connections.start_account_opening import StartedOpening, start_account_opening
from testing.backend import Backend
from testing.fakes import InterruptibleClient
from testing.gateway import KEYS
from testing.memory_table import MemoryClient

NOW = datetime(2026, 11, 20, 10, 0, 0, 1000, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PERSON = {"name": "Asha Rao", "email": "asha.rao@example.com", "contact": "9876543210", "pinCode": "560001"}
FORMATS = {"name": NAME, "email": EMAIL, "contact": CONTACT, "pinCode": PIN_CODE}
GOOD = {
    "name": ["A", "Asha Rao", "D'Souza-Ñ", "आशा राव", "ക്ഷ\u200dn\u200c", "x" * 100, " Asha "],
    "email": [
        "a@b.co",
        "asha.rao+kyc@mail.example.co.in",
        "o'neil_1@example.museum",
        "x@xn--p1b6ci4b4b3a.xn--11b5bs8d",
        "a" * 64 + "@example.com",
        "a@" + ("b" * 61 + ".") * 4 + "coms",
    ],
    "contact": ["6000000000", "9876543210", "7999999999", "8123456789"],
    "pinCode": ["560001", "110001", "999999"],
}
BAD = {
    "name": ["", " ", "\u00a0", "x" * 101, "a\nb", "a\x00", "a\u202eb", "a\u200b", "a\x7f", "\ufeffa", 5, ["Asha"], {}],
    "email": [
        *("", "asha", "asha@", "@example.com", "asha@example", "a b@example.com", "asha@example.com\n", "a@b@c.com"),
        *(".asha@example.com", "asha.@example.com", "a..b@example.com", "a@-example.com", "a@example-.com", "a@.com"),
        *("a@example..com", "a@example.c", "a@example.1", "आशा@example.com", "a@[127.0.0.1]"),
        "a@" + ("b" * 61 + ".") * 4 + "comes",
        "<asha@example.com>",
        5,
        True,
    ],
    "contact": [
        *("", "5876543210", "0987654321", "987654321", "98765432100", "+919876543210", "98765 43210", "९८७६५४३२१०"),
        *("9876543210\n", " 9876543210", "9८७६५४३२१०", 9876543210, True),
    ],
    "pinCode": ["", "056001", "56001", "5600011", "560 001", "५६०००१", "5६०००१", "560001\n", 560001, False],
}
each_good = pytest.mark.parametrize(("field", "value"), [(field, value) for field in GOOD for value in GOOD[field]])
each_bad = pytest.mark.parametrize(("field", "value"), [(field, value) for field in BAD for value in BAD[field]])


class World:
    """Use cases on a table in memory."""

    def __init__(self) -> None:
        self.client = InterruptibleClient(MemoryClient())
        table = Table(self.client, "table")
        self.openings, self.keys = AccountOpenings(table), IdempotencyKeys(table)
        self.attempts = 0

    def start(
        self, body: dict[str, Any] | None = None, *, user: str = "user-1", key: str = "key-1", now: datetime = NOW
    ) -> StartedOpening:
        self.attempts += 1
        return start_account_opening(
            read(PERSON if body is None else body),
            user=user,
            idempotency_key=key,
            attempt=f"attempt-{self.attempts}",
            now=now,
            keys=self.keys,
            openings=self.openings,
            secret=KEYS.secret,
        )

    def end(
        self, opening: AccountOpening, result: SdkResult, *, user: str = "user-1", now: datetime = NOW
    ) -> AccountOpening:
        return complete_account_opening(opening.id, result, user=user, now=now, openings=self.openings)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    return Backend(monkeypatch)


def read(body: dict[str, Any]) -> AccountOpeningRequest:
    return parse_body(AccountOpeningRequest, json.dumps(body).encode())


def refusal(body: dict[str, Any]) -> str:
    with pytest.raises(RequestInvalid) as refused:
        read(body)
    return refused.value.detail


def answer_to(body: dict[str, Any]) -> dict[Any, str] | str:
    try:
        return dict(read(body).signup)
    except RequestInvalid as refused:
        return refused.detail


def everything_in(client: MemoryClient) -> str:
    return str([stored.item for partition in client._partitions.values() for stored in partition.values()])


# What the user fills in ------------------------------------------------------------------------


@each_good
def test_what_looks_right_reaches_the_sdk_as_it_is(field: str, value: str) -> None:
    assert read({field: value}).signup == {field: value}


@each_bad
def test_what_does_not_is_refused_with_the_remedy_and_without_the_value(field: str, value: Any) -> None:
    assert refusal({field: value}) == f"{field}: must be {FORMATS[field].remedy}"


@given(st.sampled_from([*FORMATS]), st.text() | st.text("0123456789+ ", max_size=14) | st.emails())
def test_any_text_is_either_handed_on_untouched_or_refused_in_the_same_words(field: str, value: str) -> None:
    assert answer_to({field: value}) in ({field: value}, f"{field}: must be {FORMATS[field].remedy}")


def test_the_remedies_help() -> None:
    assert "without +91" in refusal({"contact": "+919876543210"})
    assert "do not begin with 0" in refusal({"pinCode": "012345"})
    assert "name@example.com" in refusal({"email": "asha"})
    assert "1 to 100 printable" in refusal({"name": "\t"})


def test_every_field_that_does_not_fit_is_named_at_once() -> None:
    told = refusal({"name": "", "email": "", "contact": "", "pinCode": ""})

    assert [sentence.partition(":")[0] for sentence in re.split(r"(?:^|; )(?=\w+: )", told)[1:]] == [*FORMATS]


def test_nothing_is_needed_and_nothing_else_is_known() -> None:
    assert parse_body(AccountOpeningRequest, b"").signup == {}
    assert read(dict.fromkeys(FORMATS)).signup == {}
    assert "pan" in refusal({"pan": "ABCDE1234F"})
    assert "pin_code" in refusal({"pin_code": "560001"})


def test_a_long_text_is_refused_in_no_time() -> None:
    for field in FORMATS:
        refusal({field: "a" * 200_000 + "@"})
        refusal({field: ("a." * 120) + "@"})


@pytest.mark.parametrize("field", FORMATS)
def test_the_schema_says_the_same(field: str) -> None:
    schema = validator_for(AccountOpeningRequest.model_json_schema(by_alias=True))

    assert [value for value in GOOD[field] if not schema.is_valid({field: value})] == []
    assert [value for value in BAD[field] if schema.is_valid({field: value})] == []


@given(st.data(), st.sampled_from([*FORMATS]))
def test_what_the_schema_promises_is_taken(data: st.DataObject, field: str) -> None:
    promised = FORMATS[field].schema
    value = data.draw(st.from_regex(re.compile(promised["pattern"].removesuffix("$")), fullmatch=True))
    assume(len(value) <= promised["maxLength"])

    assert read({field: value}).signup == {field: value}


def test_a_format_is_about_the_whole_text() -> None:
    with pytest.raises(ValueError, match="must be three digits"):
        Format("[0-9]{3}", 9, "three digits").check("1234")


# Beginning -------------------------------------------------------------------------------------


def test_the_app_gets_what_the_sdk_needs(backend: Backend) -> None:
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


def test_only_what_was_given_is_in_the_argument(backend: Backend) -> None:
    answer = backend.request("create_account_opening", {"pinCode": "560001", "name": None})

    assert answer.json["signup"] == {"pinCode": "560001"}


def test_an_opening_that_began_is_the_users_and_has_no_end(world: World) -> None:
    began = world.start().opening

    assert world.openings.owned(began.id, "user-1") == AccountOpening(began.id, "user-1", NOW)
    assert began.status is OpeningStatus.BEGAN


def test_a_repeat_gets_the_same_opening_and_an_argument_of_its_own_body(backend: Backend) -> None:
    first, again = (backend.request("create_account_opening", PERSON, key="key-1") for _ in range(2))

    assert again.json["openingId"] == first.json["openingId"]
    assert again.json["signup"] == PERSON
    assert (first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")) == (None, "true")
    assert len(backend.request("list_account_openings").json["accountOpenings"]) == 1


def test_a_repeat_after_the_end_is_still_the_same(world: World) -> None:
    began = world.start().opening
    ended = world.end(began, SdkResult())

    again = world.start(now=NOW + SECOND)

    assert again.replayed
    assert again.opening == ended


@pytest.mark.parametrize("other", [{**PERSON, "contact": "9876543211"}, {}, {"name": PERSON["name"]}])
def test_a_key_belongs_to_one_body(world: World, other: dict[str, str]) -> None:
    world.start()

    with pytest.raises(IdempotencyKeyReused):
        world.start(other)


def test_a_key_belongs_to_one_user(world: World) -> None:
    world.start()

    with pytest.raises(IdempotencyKeyReused):
        world.start(user="user-2")


def test_without_a_key_nothing_begins(backend: Backend) -> None:
    assert backend.request("create_account_opening", PERSON, key=None).json["code"] == "IDEMPOTENCY_KEY_MISSING"
    assert backend.request("list_account_openings").json["accountOpenings"] == []


def test_while_the_first_request_runs_a_second_one_waits(world: World) -> None:
    met = []

    def meanwhile(operation: str, _request: dict[str, Any]) -> None:
        if operation == "transact_write_items":
            world.client.before_call = lambda _operation, _request: None
            with pytest.raises(RequestInProgress) as busy:
                world.start()
            met.append(busy)

    world.client.before_call = meanwhile
    world.start()

    assert met
    assert len(world.openings.newest("user-1")) == 1


def test_a_request_that_died_gives_its_key_back_to_the_same_request_only(world: World) -> None:
    class Died(BaseException):
        """The worker, between the key and the opening."""

    def dies(operation: str, _request: dict[str, Any]) -> None:
        if operation == "transact_write_items":
            raise Died

    world.client.before_call = dies
    with pytest.raises(Died):
        world.start()
    world.client.before_call = lambda _operation, _request: None

    with pytest.raises(RequestInProgress):
        world.start(now=NOW + LEASE - SECOND)
    with pytest.raises(IdempotencyKeyReused):
        world.start(user="user-2", now=NOW + LEASE + SECOND)
    with pytest.raises(IdempotencyKeyReused):
        world.start({}, now=NOW + LEASE + SECOND)
    assert not world.start(now=NOW + LEASE + SECOND).replayed


def test_a_failed_write_frees_the_key(world: World) -> None:
    def unavailable(operation: str, _request: dict[str, Any]) -> None:
        if operation == "transact_write_items":
            raise StoreUnavailable

    world.client.before_call = unavailable
    with pytest.raises(StoreUnavailable):
        world.start()
    world.client.before_call = lambda _operation, _request: None

    assert not world.start().replayed
    assert len(world.openings.newest("user-1")) == 1


def test_a_write_that_came_through_in_silence_is_found_by_the_repeat(world: World) -> None:
    """The answer is lost: the opening is there, and releasing the key must not make a second one."""

    class Silent(InterruptibleClient):
        def __getattr__(self, operation: str) -> Any:
            call = super().__getattr__(operation)
            if operation != "transact_write_items":
                return call

            def lost(**request: Any) -> Any:
                call(**request)
                raise StoreUnavailable

            return lost

    table = Table(Silent(world.client), "table")
    openings = world.openings
    world.openings = AccountOpenings(table)
    with pytest.raises(StoreUnavailable):
        world.start()
    world.openings = openings

    assert world.start().replayed
    assert len(world.openings.newest("user-1")) == 1


# The end ---------------------------------------------------------------------------------------


def test_the_flow_has_ended(backend: Backend) -> None:
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
def test_a_failure_is_told_with_its_code_and_advice(
    backend: Backend, body: dict[str, Any], code: int, action: str
) -> None:
    began = backend.request("create_account_opening", PERSON).json["openingId"]

    answer = backend.request("complete_account_opening", body, path_id=began).json

    assert (answer["status"], answer["error"]["code"], answer["error"]["action"]) == ("FAILED", code, action)
    assert answer["error"]["text"].endswith(".")
    assert backend.request("list_account_openings").json["accountOpenings"] == [answer]


ENDS = st.sampled_from([SdkResult(), *(SdkResult(failure=Failure(code, "x")) for code in (0, 1010, 2000))])


@given(st.lists(ENDS, min_size=1, max_size=4))
def test_the_first_end_stays(results: list[SdkResult]) -> None:
    world = World()
    began = world.start().opening

    told = [world.end(began, result, now=NOW + at * SECOND) for at, result in enumerate(results)]

    assert {*told} == {world.openings.owned(began.id, "user-1")} == {told[0]}
    assert told[0].ended_at == NOW
    assert told[0].failure_code == (results[0].failure.code if results[0].failure else None)


@pytest.mark.parametrize("number", [10_000, 560_001, 987_654_321])
def test_a_code_that_may_be_somebodys_number_is_not_kept(world: World, number: int) -> None:
    result = parse_sdk_result({"code": number}, rejected=True)

    assert world.end(world.start().opening, result).failure_code == 2000
    assert str(number) not in everything_in(world.client._client)


def test_what_nobody_began_or_somebody_else_did_is_not_found(backend: Backend) -> None:
    began = backend.request("create_account_opening", PERSON).json["openingId"]
    ended = {"platform": "web", "resolved": {}}

    for user, opening in (("user-2", began), ("user-1", "OPN_unknown"), ("user-1", "../x"), ("user-1", "#")):
        answer = backend.request("complete_account_opening", ended, user=user, path_id=opening)
        assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND")
    assert backend.request("list_account_openings").json["accountOpenings"][0]["status"] == "BEGAN"


def test_a_late_write_does_not_bring_an_opening_into_being(world: World) -> None:
    with pytest.raises(NotFound):
        world.openings.end(AccountOpening("OPN_unknown", "user-1", NOW).ended(NOW, None))
    assert world.openings.newest("user-1") == []


# The list --------------------------------------------------------------------------------------


def test_the_newest_fifty_are_listed_newest_first(world: World) -> None:
    began = [world.start(key=f"key-{at}", now=NOW + at * SECOND).opening for at in range(53)]

    assert world.openings.newest("user-1") == began[:2:-1]


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=60_000)), max_size=8))
def test_the_order_of_ids_is_the_order_of_times(later: list[timedelta]) -> None:
    world, moments = World(), [NOW + each for each in later]
    for at, moment in enumerate(moments):
        world.start(key=f"key-{at}", now=moment)

    listed = [opening.began_at for opening in world.openings.newest("user-1")]

    assert [_to_the_millisecond(moment) for moment in listed] == sorted(map(_to_the_millisecond, moments), reverse=True)


def _to_the_millisecond(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_everybody_sees_their_own(backend: Backend) -> None:
    backend.request("create_account_opening", PERSON)

    assert backend.request("list_account_openings", user="user-2").json == {"accountOpenings": []}
    assert backend.request("list_account_openings", user="user").json == {"accountOpenings": []}
    assert len(backend.request("list_account_openings").json["accountOpenings"]) == 1


# Nobody is remembered --------------------------------------------------------------------------


def guessable(texts: Iterator[str]) -> Iterator[str]:
    """What somebody who knows the person could look for in the table."""
    for text in texts:
        yield text
        for key in (b"", b"gateway-backend idempotency"):
            yield hmac.digest(key, text.encode(), hashlib.sha256).hex()
        yield hashlib.sha256(text.encode()).hexdigest()


def test_nothing_personal_is_kept_or_logged_or_quoted(backend: Backend) -> None:
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
    told = [str(answer.json) for answer in [*refused, ended, backend.request("list_account_openings")]]
    kept, logged = everything_in(backend.table), backend.logged.getvalue()
    assert began in kept
    assert logged.count('"request"') == 10
    asked = read(PERSON).model_dump_json()
    for trace in guessable(iter([*PERSON.values(), asked, f"account opening {asked}", json.dumps(PERSON)])):
        assert trace not in kept
        assert trace not in logged
        assert not [answer for answer in told if trace in answer]


def test_what_is_kept_is_times_status_and_code(world: World) -> None:
    world.end(world.start().opening, SdkResult(failure=Failure(1010, "user_cancelled")))

    (item,) = world.client._client._partitions["USER#user-1"].values()
    assert {*item.item} == {"pk", "sk", "status", "beganAt", "endedAt", "code"}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_fingerprint_is_the_same_only_for_the_same_text_and_secret(text: str, secret: str) -> None:
    known = fingerprint(text, secret)

    assert known == fingerprint(text, secret)
    assert known not in (fingerprint(text + " ", secret), fingerprint(text, secret + " "))
    # Neither can it be guessed from the text alone, nor is it a signature that anything else goes by.
    assert known != hashlib.sha256(text.encode()).hexdigest()
    assert known != hmac.digest(secret.encode(), text.encode(), hashlib.sha256).hex()
