"""Go on with every erasure until a pass proves that nothing is left."""

from gateway_backend.domain.erasure.erasure import Erasure, ErasureState
from gateway_backend.runtime.threads import Deadline, map_concurrently
from gateway_backend.usecases.contexts import EraseContext
from gateway_backend.usecases.erasure.continue_erasure import continue_erasure

SECONDS = 240.0
SECONDS_OF_ONE = 60.0
"""So that one user's ten thousand transactions do not hold up the others."""


def finish_erasures(context: EraseContext) -> dict[str, int]:
    deadline = Deadline(SECONDS)
    finished = overdue = failed = 0
    for erasure in context.erasures.due(context.clock()):
        if deadline.has_passed:
            break
        (after,) = map_concurrently(lambda due: _continue(due, context), [erasure], threads=1)
        failed += after is None
        finished += after is not None and after.state is ErasureState.FINISHED
        overdue += (after or erasure).is_overdue(context.clock())
    return {"erasuresFinished": finished, "erasuresFailed": failed, "erasuresOverdue": overdue}


def _continue(erasure: Erasure, context: EraseContext) -> Erasure:
    return continue_erasure(erasure, Deadline(SECONDS_OF_ONE), context)
