"""Erase everything of a user's: every account is unlinked, and all that is stored is erased."""

from datetime import timedelta

from gateway_backend.domain.erasure.erasure import Erasure, ErasureState, request_erasure
from gateway_backend.usecases.contexts import EraseContext
from gateway_backend.usecases.erasure.continue_erasure import erase_at_once

REPEATED_WITHIN = timedelta(minutes=1)
"""A second request so soon is the same one, sent again."""


def erase_user(user: str, context: EraseContext) -> Erasure:
    """Record the request, then erase as much as there is time for. The schedule goes on with it, and proves it."""
    now = context.clock()
    erasures = [erasure for erasure in context.erasures.all_of(user) if erasure.account_id is None]
    erasure = erasures[-1] if erasures else None
    if erasure is None or erasure.state is ErasureState.FINISHED or now - erasure.requested_at > REPEATED_WITHIN:
        erasure = request_erasure(user, None, context.transactions.after_newest(user, now))
        context.erasures.add(erasure)
    return erase_at_once(erasure, context)
