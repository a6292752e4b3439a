"""One pass of an erasure: go through all that is stored under the user's keys, and erase what it is about.

Every step is safe to repeat, and a pass that runs out of time goes on where it stood: a user with ten thousand
transactions is erased in as many runs as it takes.
"""

from datetime import datetime
from functools import partial
from itertools import batched

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.erasure.erasure import Erasure, ErasureState
from gateway_backend.domain.shared.errors import ConcurrentUpdate, NotFound, StoreUnavailable
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.domain.webhooks.receipt import Receipt
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.store.transactions.transactions import Membership
from gateway_backend.usecases.contexts import EraseContext

SECONDS = 10.0
"""Within one request; the schedule has more."""

_AT_ONCE = 100
_GOES_ON = "Not everything could be erased yet: it goes on by itself"


def erase_at_once(erasure: Erasure, context: EraseContext) -> Erasure:
    """What there is time for in the request that began it. The rest, and what fails now, is left to the schedule."""
    try:
        return continue_erasure(erasure, Deadline(SECONDS), context)
    except StoreUnavailable as error:
        logger.warning("erasure interrupted", reason=error.code)
        return erasure


def continue_erasure(erasure: Erasure, deadline: Deadline, context: EraseContext) -> Erasure:
    """Go on with the present pass until it ends or time is over; the erasure as it is stored afterwards.

    Raises: StoreUnavailable.
    """
    current = erasure.begin_pass(context.clock())
    if not current.position:
        current = current.advance(_erase_accounts(current, context), "")
    memberships = context.transactions.memberships(current.owner, until=current.requested_at, after=current.position)
    erase = partial(_erase_transaction, erasure=erasure, context=context)
    for chunk in batched(memberships, _AT_ONCE, strict=False):
        erased = map_concurrently(erase, chunk, threads=context.threads)
        counts = [count for count in erased if count is not None]
        if len(counts) < len(erased):
            _save(erasure, current.advance(sum(counts), current.position), context)
            raise StoreUnavailable(_GOES_ON)
        current = current.advance(sum(counts), chunk[-1].position)
        if deadline.has_passed:
            return _save(erasure, current, context)
    ended = current.end_pass(context.clock())
    if ended.state is ErasureState.FINISHED and ended.account_id is None:
        context.transactions.forget_memberships(ended.owner, until=ended.requested_at)
    return _save(erasure, ended, context)


def _save(before: Erasure, after: Erasure, context: EraseContext) -> Erasure:
    """Where another worker is at the same erasure, what that one records counts."""
    try:
        return context.erasures.save(before, after)
    except ConcurrentUpdate:
        return after


def _erase_accounts(erasure: Erasure, context: EraseContext) -> int:
    if erasure.account_id:
        return _erase_account(erasure.account_id, erasure.owner, erasure.requested_at, context)
    count = _unlink_all(erasure, context)
    withdrawn = sorted(context.connections.consents_of(erasure.owner), key=lambda consent: consent.withdrawn_at)
    for account_id, withdrawn_at in {consent.account_id: consent.withdrawn_at for consent in withdrawn}.items():
        count += _erase_account(account_id, erasure.owner, withdrawn_at, context)
    count += context.mutual_funds.forget_newest(erasure.owner, erasure.requested_at)
    return count + _erase_openings(erasure, context)


def _erase_account(account_id: str, owner: str, withdrawn_at: datetime, context: EraseContext) -> int:
    """What is about the time in which the account was the owner's. Another user may have linked it since."""

    def erase(receipt: Receipt) -> int:
        transaction = context.transactions.find(receipt.transaction_id) if receipt.transaction_id else None
        return context.receipts.erase(receipt) if transaction is None or transaction.owner == owner else 0

    receipts = context.receipts.of_account(account_id, withdrawn_at)
    counts = map_concurrently(erase, receipts, threads=context.threads)
    if None in counts:
        raise StoreUnavailable(_GOES_ON)
    return context.snapshots.erase(account_id) + sum(filter(None, counts))


def _unlink_all(erasure: Erasure, context: EraseContext) -> int:
    """The ownership of every account ends as of the request, also where a worker has linked one behind it."""
    count = 0
    for connection in context.connections.all_of(erasure.owner):
        if _was_linked_before(erasure, connection, context):
            try:
                context.connections.unlink(connection.unlink(erasure.requested_at))
            except NotFound:
                continue
            count += 1
    return count


def _was_linked_before(erasure: Erasure, connection: Connection, context: EraseContext) -> bool:
    if connection.linked_at <= erasure.requested_at:
        return True
    linked_with = context.transactions.find(connection.transaction_id)
    return linked_with is None or linked_with.created_at <= erasure.requested_at


def _erase_openings(erasure: Erasure, context: EraseContext) -> int:
    openings = context.account_openings.began_until(erasure.owner, erasure.requested_at)
    # The keys first: without its opening none would be found again.
    count = sum(context.keys.erase(key, erasure.owner) for _, key in openings if key)
    context.account_openings.erase(erasure.owner, [opening_id for opening_id, _ in openings])
    return count + len(openings)


def _erase_transaction(membership: Membership, *, erasure: Erasure, context: EraseContext) -> int:
    if erasure.account_id:
        return _erase_content(membership.transaction_id, erasure.account_id, context)
    receipts = context.receipts.of_transaction(membership.transaction_id, erasure.requested_at)
    count = sum(map(context.receipts.erase, receipts))
    count += context.transactions.erase(membership.transaction_id)
    key = membership.idempotency_key
    return count + (context.keys.erase(key, erasure.owner) if key else 0)


def _erase_content(transaction_id: str, account_id: str, context: EraseContext) -> int:
    """What an account's transaction was about; that it took place stays."""
    count = context.batches.erase_content(transaction_id, account_id)
    transaction = context.transactions.find(transaction_id)
    if transaction is None or account_id not in (transaction.account_id, transaction.requested_account_id):
        return count
    count += context.mutual_funds.erase(transaction_id)
    if transaction.is_erased:
        return count
    context.transactions.update(transaction, Transaction.erase_content)
    return count + 1
