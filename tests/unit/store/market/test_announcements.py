"""The days that the operator has added to NSE's calendar: one item, changed by one operator at a time."""

from datetime import date

import pytest

from gateway_backend.domain.market.announcements import NONE
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from gateway_backend.store.market.announcements import AnnouncementStore
from testing.contexts import Contexts

ADDED = NONE.add(date(2027, 3, 10), "closed").add(date(2027, 11, 7), "open 18:00-19:00")


@pytest.fixture
def store() -> AnnouncementStore:
    return AnnouncementStore(Contexts().table)


def test_nothing_was_added_while_there_is_no_item(store: AnnouncementStore) -> None:
    assert store.find() == NONE


def test_what_was_added_is_read_as_it_was_saved(store: AnnouncementStore) -> None:
    saved = ADDED.cover(date(2027, 12, 31)).acknowledge(date(2026, 12, 20))
    store.save(NONE, saved)

    assert store.find() == saved._replace(item_version=1)


def test_the_second_of_two_operators_overwrites_nothing(store: AnnouncementStore) -> None:
    store.save(NONE, ADDED)
    read = store.find()
    store.save(read, read.remove(date(2027, 3, 10)))

    for before in (NONE, read):
        with pytest.raises(ConcurrentUpdate):
            store.save(before, before.cover(date(2027, 12, 31)))
    assert list(store.find().rules) == [date(2027, 11, 7)]
