"""`python -m ops.api_reference.generate`: write docs/openapi.json from the route table and the models in `contracts/`.

Run it after changing either; a test fails while the file and the code disagree.
"""

import json
import tomllib
from collections import defaultdict
from typing import Any

from gateway_backend.domain.shared import exact_json
from ops.api_reference.examples import CHECKOUT
from ops.api_reference.operations import operation_of
from ops.api_reference.routes import ROUTES
from ops.api_reference.schemas import component_schemas

TARGET = CHECKOUT / "docs/openapi.json"

_DESCRIPTION = """\
Links users' broker accounts through smallcase Gateway and serves their holdings, saying honestly how fresh they are.

Numbers are exact: read them as decimals, not as binary floats. Instants are ISO-8601 in UTC. Every failure is
problem+json (RFC 9457): branch on `code`, do what `action` says, repeat only when `retryable`, quote `correlationId`
to support.
"""


def build_document() -> dict[str, Any]:
    """Describe the whole API as an OpenAPI document."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        paths[route.path][route.method.lower()] = operation_of(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Gateway Backend", "version": project["version"], "description": _DESCRIPTION},
        "servers": [
            {"url": "http://127.0.0.1:3000", "description": "The local cloud (make run)"},
            {
                "url": "https://{apiId}.execute-api.{region}.amazonaws.com",
                "description": "A deployed stack: its ApiUrl output",
                "variables": {"apiId": {"default": "your-api-id"}, "region": {"default": "ap-south-1"}},
            },
        ],
        "security": [{"appUser": []}],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {
                "appUser": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The app user's access token; its `sub` is the user",
                }
            },
            "schemas": component_schemas(),
        },
    }


def render() -> str:
    # The detour through floats only changes the notation: every number in the examples keeps its digits.
    return json.dumps(json.loads(exact_json.dumps(build_document())), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
