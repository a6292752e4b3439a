"""On a schedule: after each close, queue the accounts of long-lived sessions, slot by slot."""

from gateway_backend.bootstrap import contexts
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.usecases.refresh.plan import plan_refresh

new_context = contexts.plan_contexts()


@scheduled
def handler() -> dict[str, int]:
    return plan_refresh(new_context())
