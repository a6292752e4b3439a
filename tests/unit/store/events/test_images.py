"""Images of items: parsed as the value that they hold, or nothing for a kind that makes no event."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.dynamodb.codec import Item, encode
from gateway_backend.store.events.images import UNREADABLE, parse_image
from testing.stream_records import ACCOUNT_ID, IMPORTED, PLACED, TRANSACTION


@pytest.mark.parametrize("image", [None, {}])
def test_no_item_has_no_value(image: Item | None) -> None:
    assert parse_image(image) is None


def test_the_status_of_an_account_is_a_connection() -> None:
    connection = parse_image(encode(IMPORTED))

    assert isinstance(connection, Connection)
    assert (connection.id, connection.content_hash) == (ACCOUNT_ID, "hash-1")


def test_the_item_of_a_transaction_is_a_transaction() -> None:
    transaction = parse_image(encode(TRANSACTION))

    assert isinstance(transaction, Transaction)
    assert (transaction.id, transaction.owner) == ("TRX_1", "user-1")


def test_the_item_of_a_batch_is_a_recorded_batch() -> None:
    recorded = parse_image(encode(PLACED))

    assert isinstance(recorded, RecordedBatch)
    assert (recorded.batch.id, recorded.revision) == ("batch-1", 1)


def test_an_erased_batch_has_no_value() -> None:
    assert parse_image(encode(PLACED | {"body": None})) is None


@pytest.mark.parametrize(
    ("pk", "sk"),
    [
        ("USER#user-1", "ACCOUNT#account-1"),
        ("USER#user-1", "OPENING#OPN_1"),
        ("ACCOUNT#account-1", "SNAPSHOT#2022-03-23T10:22:40.518000Z#0a1b2c3d"),
        ("ACCOUNT#account-1", "ERASED"),
        ("TXN#TRX_1", "FUNDS"),
        ("RECEIPT#1", "FIRST"),
        ("CIRCUIT#gateway", "STATE"),
    ],
)
def test_an_item_of_another_kind_has_no_value(pk: str, sk: str) -> None:
    assert parse_image(encode({"pk": pk, "sk": sk, "owner": "user-1"})) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image: image.pop("sk"),
        lambda image: image.pop("owner"),
        lambda image: image.update(state={"S": "ASLEEP"}),
        lambda image: image.update(linkedAt={"N": "1"}),
        lambda image: image.update(size={"S": "many"}),
        lambda image: image.update(state={}),
    ],
)
def test_a_spoilt_image_is_unreadable(spoil: Callable[[dict[str, Any]], object]) -> None:
    image = encode(IMPORTED)
    spoil(image)

    with pytest.raises(UNREADABLE):
        parse_image(image)


def test_a_batch_that_cannot_be_unpacked_is_unreadable() -> None:
    with pytest.raises(UNREADABLE):
        parse_image(encode(PLACED | {"body": b"not compressed"}))
