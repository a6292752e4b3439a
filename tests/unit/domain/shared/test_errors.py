"""Every error for callers has a code of its own, a status and a title."""

from gateway_backend.domain.shared.errors import (
    DomainError,
    OutcomeUnknown,
    RefreshTooSoon,
    TooManyRequests,
)


def every_error(base: type[DomainError] = DomainError) -> list[type[DomainError]]:
    return [base, *(error for child in base.__subclasses__() for error in every_error(child))]


def test_every_error_has_its_own_code_a_status_and_a_title() -> None:
    errors = every_error()[1:]

    assert len({error.code for error in errors}) == len(errors)
    with_own_text = {RefreshTooSoon, TooManyRequests, OutcomeUnknown}  # how long to wait, and what to read
    assert all(400 <= error.status < 600 and error.title and str(error()) for error in errors)
    assert [error for error in errors if str(error()) != error.title and error not in with_own_text] == []
