"""Unlink an account and erase what we hold of it, leaving the record of the consent that ended."""

from gateway_backend.domain.erasure.erasure import Erasure, ErasureState, request_erasure
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.store.erasure.erasures import put_erasure
from gateway_backend.usecases.contexts import EraseContext
from gateway_backend.usecases.erasure.continue_erasure import erase_at_once


def unlink_account(account_id: str, *, user: str, context: EraseContext) -> None:
    """The ownership ends first, together with the record of the erasure, so that nobody reads half-erased data.

    What there is no time for, the schedule goes on with; so does a repeat.
    Raises: NotFound when the account is not, and never was, this user's.
    """
    erasure = _end_ownership(account_id, user, context)
    if erasure.state is ErasureState.RUNNING:
        erase_at_once(erasure, context)


def _end_ownership(account_id: str, user: str, context: EraseContext) -> Erasure:
    """The erasure that begins now, or the one of when this user unlinked the account before."""
    connection = context.connections.find(account_id)
    if connection and connection.owner == user:
        erasure = request_erasure(user, account_id, context.transactions.after_newest(user, context.clock()))
        context.connections.unlink(connection.unlink(erasure.requested_at), put_erasure(erasure))
        return erasure
    unlinked_at = context.connections.unlinked_at(account_id, user)
    if unlinked_at is None:
        raise NotFound("No such connection")
    return _earlier(account_id, user, context) or _add(request_erasure(user, account_id, unlinked_at), context)


def _earlier(account_id: str, user: str, context: EraseContext) -> Erasure | None:
    """None when a former release has unlinked it, which erased at once and kept no record of that."""
    of_account = [erasure for erasure in context.erasures.all_of(user) if erasure.account_id in (account_id, None)]
    return of_account[-1] if of_account else None


def _add(erasure: Erasure, context: EraseContext) -> Erasure:
    context.erasures.add(erasure)
    return erasure
