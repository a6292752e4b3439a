"""The JSON Schemas of the models, as the API writes them."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from gateway_backend.contracts.transactions.result import ResultRequest
from gateway_backend.domain.shared import times
from ops.api_reference.response_schemas import Problem
from ops.api_reference.routes import ROUTES

_REF_TEMPLATE = "#/components/schemas/{model}"

API_GATEWAY_MESSAGE = "ApiGatewayMessage"


class ApiJsonSchema(GenerateJsonSchema):
    """Describe decimals as exact JSON numbers and instants as date-times, without titles that only repeat the name."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"type": "number"}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def ser_schema(self, schema: Any) -> JsonSchemaValue | None:
        if schema.get("function") is times.to_text:
            return {"type": "string", "format": "date-time"}
        return super().ser_schema(schema)


def component_schemas() -> dict[str, Any]:
    """Return the schemas of every request body and every response, by name."""
    responses = [model for route in ROUTES for model in route.responses.values() if isinstance(model, type)]
    bodies = [route.body for route in ROUTES if route.body]
    modes: dict[type[BaseModel], JsonSchemaMode] = dict.fromkeys(bodies, "validation")
    modes |= dict.fromkeys([*responses, Problem], "serialization")
    _, definitions = models_json_schema(list(modes.items()), ref_template=_REF_TEMPLATE, schema_generator=ApiJsonSchema)
    schemas: dict[str, Any] = definitions["$defs"]
    # A validator of the model requires this, which pydantic cannot express as JSON Schema.
    schemas[ResultRequest.__name__]["oneOf"] = [{"required": ["resolved"]}, {"required": ["rejected"]}]
    schemas[API_GATEWAY_MESSAGE] = {
        "type": "object",
        "description": "API Gateway's own words, not ours",
        "properties": {"message": {"type": ["string", "null"]}},
        "required": ["message"],
    }
    return dict(sorted(schemas.items()))


def ref(name: str) -> dict[str, str]:
    """Refer to a component schema."""
    return {"$ref": _REF_TEMPLATE.format(model=name)}
