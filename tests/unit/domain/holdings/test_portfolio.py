"""What is held, compared without what it is worth."""

from testing.builders import account, leg, mutual_fund, security


def test_the_size_counts_securities_and_fund_folios() -> None:
    held = account("a", security("INE1"), security("INE2"), mutual_fund(folio="1"), mutual_fund(folio="2"))

    assert held.portfolio.size == 4


def test_quantities_do_not_depend_on_the_order_of_securities() -> None:
    first, second = security("INE1", quantity=1), security("INE2", quantity=2)

    assert account("a", first, second).portfolio.quantities() == account("a", second, first).portfolio.quantities()


def test_quantities_do_not_depend_on_trailing_zeros() -> None:
    padded, plain = account("a", mutual_fund("12.50")), account("a", mutual_fund("12.5"))

    assert padded.portfolio.quantities() == plain.portfolio.quantities()


def test_quantities_do_not_depend_on_prices() -> None:
    cheap, dear = account("a", security(price="1")), account("a", security(price="2"))

    assert cheap.portfolio.quantities() == dear.portfolio.quantities()


def test_quantities_tell_demat_shares_from_positions() -> None:
    settled = account("a", security(quantity=3))
    bought_today = account("a", security(quantity=0, nse=leg(3)))

    assert settled.portfolio.quantities() != bought_today.portfolio.quantities()


def test_dust_is_not_held() -> None:
    dust = account("a", security(quantity="2.8e-17"), mutual_fund("-1e-12"))

    assert dust.portfolio.size == 0


def test_quantities_that_differ_by_binary_noise_are_the_same() -> None:
    noisy, clean = account("a", mutual_fund(str(0.1 + 0.2))), account("a", mutual_fund("0.3"))

    assert noisy.portfolio.quantities() == clean.portfolio.quantities()
