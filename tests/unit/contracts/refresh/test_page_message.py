"""A page of accounts as a message of the queue."""

from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.contracts.refresh.page_message import encode_page, parse_page
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.domain.shared.errors import MessageUnreadable
from testing.moments import FRIDAY_CLOSE, FRIDAY_NOON

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda passed: FRIDAY_NOON + passed)
PAGES = st.builds(
    RefreshPage,
    close=MOMENTS.map(lambda moment: moment.astimezone(UTC).replace(microsecond=0)),
    account_ids=st.lists(st.text(min_size=1), max_size=5).map(tuple),
    attempt=st.integers(0, 1000),
    round=st.integers(0, 1),
)


@given(PAGES)
def test_a_page_is_parsed_as_it_was_encoded(page: RefreshPage) -> None:
    read = parse_page(encode_page(page))

    assert read == page
    assert read.id == page.id


def test_a_message_without_a_round_is_of_the_first() -> None:
    assert parse_page('{"close":"2026-11-20T10:00:00Z","attempt":2,"accounts":["a"]}') == RefreshPage(
        FRIDAY_CLOSE, ("a",), attempt=2
    )


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"close":"yesterday","attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00","attempt":0,"accounts":[]}',
        '{"close":1,"attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":-1,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":"0","accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":true,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","round":-1,"attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","round":null,"attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":0,"accounts":[1]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":0,"accounts":null}',
        '{"close":"2026-11-20T10:00:00Z","attempt":0}',
    ],
)
def test_an_unreadable_message_is_refused(message: str) -> None:
    with pytest.raises(MessageUnreadable):
        parse_page(message)
