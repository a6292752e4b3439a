"""What an order was begun with is read from its transaction's item as it was written."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.store.dynamodb.codec import decode, encode
from gateway_backend.store.orders.request_codec import decode_order, encode_order

TEXTS = st.none() | st.text(min_size=1, max_size=5)
PRICES = st.none() | st.decimals(1, 10**6, places=3)
SECURITIES = st.builds(
    RequestedSecurity,
    st.text(min_size=1, max_size=5),
    st.none() | st.integers(1, 100_000),
    st.sampled_from([None, "BUY", "SELL"]),
    TEXTS,
    TEXTS,
    PRICES,
    PRICES,
)
ORDERS = st.builds(OrderRequest, TEXTS, st.lists(SECURITIES, max_size=3).map(tuple), *[TEXTS] * 7)


def through_the_table(order: OrderRequest) -> OrderRequest:
    return decode_order(decode(encode(encode_order(order))))


@given(ORDERS)
def test_any_request_is_read_as_it_was_written(order: OrderRequest) -> None:
    assert through_the_table(order) == order


def test_prices_keep_their_digits() -> None:
    limit = RequestedSecurity("TCS", 1, "BUY", "LIMIT", "DAY", Decimal("3000.50"), Decimal("2999.0"))
    (found,) = through_the_table(OrderRequest("SECURITIES", (limit,))).securities

    assert (str(found.price), str(found.trigger_price)) == ("3000.50", "2999.0")
