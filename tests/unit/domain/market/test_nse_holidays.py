"""NSE's holidays, generated from a package of the world's holidays."""

from gateway_backend.domain.market.nse_holidays import COVERS_UNTIL, HOLIDAYS
from ops import generate_nse_holidays


def test_the_holidays_are_those_of_the_package() -> None:
    assert generate_nse_holidays.TARGET.read_text(encoding="utf-8") == generate_nse_holidays.render(), (
        "run python -m ops.generate_nse_holidays"
    )
    assert all(day.weekday() < 5 for day in HOLIDAYS)


def test_coverage_ends_with_the_last_year_nse_has_announced() -> None:
    assert generate_nse_holidays.is_announced(COVERS_UNTIL.year)
    assert not generate_nse_holidays.is_announced(COVERS_UNTIL.year + 1)
