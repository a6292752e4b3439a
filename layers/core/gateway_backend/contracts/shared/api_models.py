"""What the bodies of our HTTP API have in common.

Numbers are exact JSON numbers, instants ISO-8601 UTC. Each resource has modules of its own, so that a cold
start defines only the models that its function uses.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.alias_generators import to_camel

from gateway_backend.domain.shared import times

type AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
type Note = Annotated[str, Field(max_length=256, description="The app's own note; it stays with us")]
type Instant = Annotated[datetime, PlainSerializer(times.to_text, return_type=str)]


class RequestModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, defer_build=True)


class ResponseModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, defer_build=True)
