"""The event bus: what EventBridge takes."""

from botocore.session import get_session
from botocore.stub import Stubber

from gateway_backend.runtime.event_bus import Event, EventBus


def test_an_entry_has_the_shape_that_eventbridge_takes() -> None:
    client = get_session().create_client(
        "events", region_name="ap-south-1", aws_access_key_id="made-up", aws_secret_access_key="made-up"
    )
    entry = {"EventBusName": "app-events", "Source": "gateway-backend", "DetailType": "Name", "Detail": '{"id": "1"}'}
    with Stubber(client) as stubber:
        stubber.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, {"Entries": [entry]})
        assert EventBus(client, "app-events").put([Event("Name", '{"id": "1"}')]) == [True]
