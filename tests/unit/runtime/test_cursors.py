"""A cursor opens for the user and list that it was sealed for, and for no other."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.shared.errors import CursorInvalid
from gateway_backend.runtime.cursors import Cursors

SCOPE, SECRET = "user-1|transactions", "a-made-up-secret"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def sealed(position: dict[str, str] | None = None) -> str:
    cursor = Cursors(SECRET).seal({"pk": "USER#user-1", "sk": "TXN#1"} if position is None else position, SCOPE)
    assert cursor is not None
    return cursor


@given(st.dictionaries(TEXT, TEXT, max_size=4), TEXT, TEXT)
def test_a_cursor_opens_where_it_was_sealed(position: dict[str, str], scope: str, secret: str) -> None:
    cursor = Cursors(secret).seal(position, scope)

    assert Cursors(secret).unseal(cursor, scope) == position


def test_no_cursor_means_the_first_page_or_no_next_page() -> None:
    assert Cursors(SECRET).unseal(None, SCOPE) is None
    assert Cursors(SECRET).seal(None, SCOPE) is None


def test_a_cursor_needs_no_escaping_in_a_url() -> None:
    assert sealed({"pk": "??>>~~"}).replace("-", "").replace("_", "").isalnum()


def test_a_cursor_of_another_user_list_or_secret_does_not_open() -> None:
    for scope, secret in (("user-2|transactions", SECRET), ("user-1|orders", SECRET), (SCOPE, "another secret")):
        with pytest.raises(CursorInvalid):
            Cursors(secret).unseal(sealed(), scope)


@given(st.data())
def test_a_cursor_changed_anywhere_does_not_open(data: st.DataObject) -> None:
    raw = bytearray(base64.urlsafe_b64decode(sealed() + "=" * (-len(sealed()) % 4)))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))

    with pytest.raises(CursorInvalid):
        Cursors(SECRET).unseal(base64.urlsafe_b64encode(raw).decode().rstrip("="), SCOPE)


@given(st.text())
def test_garbage_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        Cursors(SECRET).unseal(cursor, SCOPE)
