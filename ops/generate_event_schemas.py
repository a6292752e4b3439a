"""Write `docs/events/<event>.schema.json` from the models in `contracts/events.py`.

Run `python -m ops.generate_event_schemas` after changing them; a test fails while the files and the code disagree.
The examples beside them are written by hand, and the same test holds them to both.
"""

import json
from pathlib import Path

from gateway_backend.contracts.events.details import EVENTS, Detail
from ops.api_reference.generate import CHECKOUT, Schemas

FOLDER = CHECKOUT / "docs/events"


def target(event: type[Detail]) -> Path:
    return FOLDER / f"{event.__name__}.schema.json"


def render(event: type[Detail]) -> str:
    schema = event.model_json_schema(mode="serialization", schema_generator=Schemas)
    document = {"$schema": Schemas.schema_dialect, **schema}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in EVENTS:
        target(each).write_text(render(each), encoding="utf-8")
