"""Idempotency keys: promised to one request, free again when it fails, and taken for a day once it has created."""

import hashlib
import hmac
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.shared.errors import IdempotencyKeyReused, OutcomeUnknown, RequestInProgress
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put
from gateway_backend.store.transactions.idempotency import KEPT, LEASE, Claim, fingerprint
from testing.builders import NOW
from testing.market_times import SECOND
from testing.world import World

OTHER_REQUESTS = pytest.mark.parametrize(("owner", "content"), [("user-2", "content-1"), ("user-1", "content-2")])


@pytest.fixture
def world() -> World:
    return World()


def claim(
    world: World,
    attempt: str = "attempt-1",
    *,
    owner: str = "user-1",
    content: str = "content-1",
    now: datetime = NOW,
    once: bool = False,
) -> Claim:
    return world.keys.claim("key-1", owner=owner, content=content, attempt=attempt, now=now, once=once)


def create(world: World, claimed: Claim, created: str = "TRX_1") -> None:
    """The write that stores what was created, with its key."""
    world.table.write_together([Put({"pk": created, "sk": "CREATED"}), world.keys.fulfilled(claimed, created)])


def test_a_new_key_is_claimed_by_the_request(world: World) -> None:
    assert claim(world) == Claim("key-1", "attempt-1", None)


def test_another_key_is_free(world: World) -> None:
    claim(world)

    claimed = world.keys.claim("key-2", owner="user-1", content="content-1", attempt="attempt-2", now=NOW)
    assert claimed == Claim("key-2", "attempt-2", None)


def test_a_claim_that_is_written_twice_is_the_same_claim(world: World) -> None:
    """The answer to the first write was lost."""
    claim(world)

    assert claim(world) == Claim("key-1", "attempt-1", None)


# Once something was created --------------------------------------------------------------------


@pytest.mark.parametrize("after", [timedelta(0), LEASE + SECOND, KEPT])
def test_a_repeat_gets_what_the_first_created_for_a_day(world: World, after: timedelta) -> None:
    create(world, claim(world))

    assert claim(world, "attempt-2", now=NOW + after) == Claim("key-1", "attempt-2", "TRX_1")


@OTHER_REQUESTS
def test_a_key_that_has_created_is_refused_to_another_request(world: World, owner: str, content: str) -> None:
    create(world, claim(world))

    with pytest.raises(IdempotencyKeyReused):
        claim(world, "attempt-2", owner=owner, content=content, now=NOW + KEPT)


@OTHER_REQUESTS
def test_a_key_is_free_for_any_request_after_a_day(world: World, owner: str, content: str) -> None:
    create(world, claim(world))

    claimed = claim(world, "attempt-2", owner=owner, content=content, now=NOW + KEPT + SECOND)
    assert claimed == Claim("key-1", "attempt-2", None)


def test_what_is_created_for_a_key_that_another_request_holds_is_not_stored(world: World) -> None:
    claimed = claim(world)
    claim(world, "attempt-2", now=NOW + LEASE + SECOND)

    with pytest.raises(ConditionFailed):
        create(world, claimed)
    assert world.table.get("TRX_1", "CREATED") is None


# While the first request runs ------------------------------------------------------------------


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("after", [timedelta(0), LEASE])
def test_a_repeat_during_the_lease_is_refused(world: World, after: timedelta, once: bool) -> None:
    claim(world, once=once)

    with pytest.raises(RequestInProgress, match="Wait a moment"):
        claim(world, "attempt-2", now=NOW + after, once=once)


@OTHER_REQUESTS
@pytest.mark.parametrize("after", [timedelta(0), LEASE + SECOND])
def test_a_claimed_key_is_refused_to_another_request(world: World, owner: str, content: str, after: timedelta) -> None:
    claim(world)

    with pytest.raises(IdempotencyKeyReused):
        claim(world, "attempt-2", owner=owner, content=content, now=NOW + after)


def test_a_request_that_has_died_is_tried_again_after_the_lease(world: World) -> None:
    claim(world)

    assert claim(world, "attempt-2", now=NOW + LEASE + SECOND) == Claim("key-1", "attempt-2", None)


def test_a_request_that_has_died_is_tried_again_by_a_single_repeat(world: World) -> None:
    claim(world)
    claim(world, "attempt-2", now=NOW + LEASE + SECOND)

    with pytest.raises(RequestInProgress):
        claim(world, "attempt-3", now=NOW + LEASE + SECOND)


@pytest.mark.parametrize("after", [LEASE + SECOND, KEPT])
def test_where_money_moves_a_request_that_has_died_is_not_tried_again(world: World, after: timedelta) -> None:
    claim(world, once=True)

    with pytest.raises(OutcomeUnknown):
        claim(world, "attempt-2", now=NOW + after, once=True)


def test_a_first_request_that_ends_between_the_write_and_the_read_is_in_progress(world: World) -> None:
    first = claim(world)
    world.client.before_next(["get_item"], lambda: world.keys.release(first))

    with pytest.raises(RequestInProgress, match="has just ended"):
        claim(world, "attempt-2")


# When the first request fails ------------------------------------------------------------------


@pytest.mark.parametrize(("owner", "content"), [("user-1", "content-1"), ("user-2", "content-2")])
def test_a_released_key_is_free_for_any_request(world: World, owner: str, content: str) -> None:
    world.keys.release(claim(world, once=True))

    assert claim(world, "attempt-2", owner=owner, content=content) == Claim("key-1", "attempt-2", None)


def test_a_key_that_has_created_is_not_released(world: World) -> None:
    claimed = claim(world)
    create(world, claimed)
    world.keys.release(claimed)

    assert claim(world, "attempt-2").created == "TRX_1"


def test_a_key_that_another_request_holds_is_not_released(world: World) -> None:
    claimed = claim(world)
    claim(world, "attempt-2", now=NOW + LEASE + SECOND)
    world.keys.release(claimed)

    with pytest.raises(RequestInProgress):
        claim(world, "attempt-3", now=NOW + LEASE + SECOND)


def test_a_key_that_is_released_twice_is_free(world: World) -> None:
    claimed = claim(world)
    world.keys.release(claimed)
    world.keys.release(claimed)

    assert claim(world, "attempt-2") == Claim("key-1", "attempt-2", None)


@pytest.mark.parametrize("after", [timedelta(0), LEASE + SECOND, KEPT])
def test_the_outcome_of_a_request_that_is_left_open_is_unknown_to_a_repeat(world: World, after: timedelta) -> None:
    world.keys.leave_open(claim(world, once=True))

    with pytest.raises(OutcomeUnknown):
        claim(world, "attempt-2", now=NOW + after, once=True)


@OTHER_REQUESTS
def test_a_key_that_is_left_open_is_refused_to_another_request(world: World, owner: str, content: str) -> None:
    world.keys.leave_open(claim(world, once=True))

    with pytest.raises(IdempotencyKeyReused):
        claim(world, "attempt-2", owner=owner, content=content)


# Fingerprints ----------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(TEXTS, SECRETS)
def test_a_fingerprint_is_the_same_only_for_the_same_text_and_secret(text: str, secret: str) -> None:
    expected = fingerprint(text, secret)

    assert expected == fingerprint(text, secret)
    assert expected not in (fingerprint(text + " ", secret), fingerprint(text, secret + " "))


@given(TEXTS, SECRETS)
def test_a_fingerprint_cannot_be_guessed_from_the_text(text: str, secret: str) -> None:
    assert fingerprint(text, secret) != hashlib.sha256(text.encode()).hexdigest()


@given(TEXTS, SECRETS)
def test_a_fingerprint_is_no_signature_with_the_secret(text: str, secret: str) -> None:
    assert fingerprint(text, secret) != hmac.digest(secret.encode(), text.encode(), hashlib.sha256).hex()
