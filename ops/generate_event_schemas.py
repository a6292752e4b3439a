"""`python -m ops.generate_event_schemas`: write `docs/events/<event>.schema.json` from `contracts/events/details.py`.

Run it after changing a model there; a test fails while the files and the code disagree. The examples beside the files
are written by hand, and the same test compares them with the schemas.
"""

import json
from pathlib import Path

from gateway_backend.contracts.events.details import EVENTS, Detail
from ops.api_reference.examples import CHECKOUT
from ops.api_reference.schemas import ApiJsonSchema

FOLDER = CHECKOUT / "docs/events"


def target(event: type[Detail]) -> Path:
    return FOLDER / f"{event.__name__}.schema.json"


def render(event: type[Detail]) -> str:
    schema = event.model_json_schema(mode="serialization", schema_generator=ApiJsonSchema)
    document = {"$schema": ApiJsonSchema.schema_dialect, **schema}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for event in EVENTS:
        target(event).write_text(render(event), encoding="utf-8")
