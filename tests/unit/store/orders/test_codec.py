"""A recorded batch is read from its item as it was written, digit for digit."""

from copy import replace
from decimal import Decimal

from hypothesis import given

from gateway_backend.domain.orders.batch import Batch, BatchStatus
from gateway_backend.domain.orders.recorded_batch import RecordedBatch
from gateway_backend.store.dynamodb.codec import decode, encode
from gateway_backend.store.orders.codec import from_item, is_erased, to_item
from testing.builders import COMPLETE, LATER, NOW, batch, order
from testing.drawn_orders import reports_at


def recorded(report: Batch) -> RecordedBatch:
    return RecordedBatch(report, "TRX_1", "user-1", "account-1", "kite", "Two banks", NOW, LATER, 3)


def through_the_table(found: RecordedBatch) -> RecordedBatch:
    return from_item(decode(encode(to_item(found))))


@given(reports_at(NOW))
def test_any_batch_is_read_as_it_was_written(report: Batch) -> None:
    assert through_the_table(recorded(report)) == recorded(report)


def test_amounts_keep_their_digits() -> None:
    priced = replace(COMPLETE, average_price=Decimal("420.1000"))
    found = through_the_table(recorded(batch(BatchStatus.COMPLETED, priced, buy_amount=Decimal("4201.00"))))

    assert str(found.batch.orders[0].average_price) == "420.1000"
    assert str(found.batch.buy_amount) == "4201.00"


def test_a_count_that_could_not_be_read_stays_unknown() -> None:
    found = through_the_table(recorded(batch(BatchStatus.PLACED, order(filled=None))))

    assert found.batch.orders[0].filled is None


def test_a_batch_before_its_account_is_known_names_none() -> None:
    unknown = recorded(batch())._replace(account_id=None, broker=None, name=None)

    assert through_the_table(unknown) == unknown


def test_a_batch_without_its_body_is_erased() -> None:
    item = to_item(recorded(batch()))

    assert not is_erased(item)
    assert is_erased({name: value for name, value in item.items() if name != "body"})
