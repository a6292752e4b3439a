"""The table's stream: publish what changed to the app's other systems."""

from collections.abc import Collection, Sequence

from gateway_backend.bootstrap import services
from gateway_backend.runtime.streams import Change, stream_worker
from gateway_backend.usecases.events.publish import publish_events

bus = services.event_bus()


@stream_worker
def handler(changes: Sequence[Change]) -> Collection[Change]:
    return publish_events(changes, bus=bus)
