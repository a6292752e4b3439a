"""An order that has ended without the price of a fill is asked about for another day (contract 5.3)."""

from copy import replace

from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import FIRST_CHECK, PRICES_AWAITED_FOR, Phase, Transaction
from testing.builders import COMPLETE, COMPLETED, LATER, NOW, batch, transaction
from testing.moments import SECOND

WITHOUT_PRICE = replace(COMPLETED, orders=(COMPLETE, replace(COMPLETE, average_price=None)))


def ended(at_once: bool = True) -> Transaction:
    found = transaction(intent=Intent.TRANSACTION, order=OrderRequest("SECURITIES"), status=Status.COMPLETED)
    return found.settle_orders([WITHOUT_PRICE if at_once else COMPLETED], NOW, order_requested=True)


def test_it_is_settled_for_its_user_and_still_asked_about() -> None:
    assert ended().is_settled
    assert (ended().phase(NOW), ended().next_check_at) == (Phase.WATCHED, NOW + FIRST_CHECK)


def test_an_order_with_all_its_prices_is_not_asked_about() -> None:
    assert (ended(at_once=False).phase(NOW), ended(at_once=False).next_check_at) == (Phase.SETTLED, None)


def test_once_each_fill_has_its_price_it_is_not_asked_about() -> None:
    priced = ended().settle_orders([COMPLETED], LATER, order_requested=True)

    assert (priced.phase(LATER), priced.next_check_at) == (Phase.SETTLED, None)


def test_a_second_answer_without_the_price_does_not_prolong_the_time() -> None:
    assert ended().settle_orders([WITHOUT_PRICE], LATER, order_requested=True) == ended()


def test_after_a_day_it_is_given_up() -> None:
    over = NOW + PRICES_AWAITED_FOR

    assert ended().phase(over - SECOND) is Phase.WATCHED
    assert ended().phase(over) is Phase.SETTLED
    assert ended().postpone_check(over).next_check_at is None


def test_an_order_that_lives_on_awaits_no_price() -> None:
    opened = ended().record_orders(LATER, is_open=True).settle_orders([batch()], LATER, order_requested=True)

    assert (opened.phase(LATER), opened.prices_awaited_until) == (Phase.ENDED, None)
