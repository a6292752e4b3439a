"""On a schedule: go on with erasing what users have taken back, until a pass proves that nothing is left."""

from gateway_backend.bootstrap import contexts
from gateway_backend.runtime.schedules import scheduled
from gateway_backend.usecases.erasure.finish_erasures import finish_erasures

context = contexts.erase_context()


@scheduled
def handler() -> dict[str, int]:
    return finish_erasures(context)
