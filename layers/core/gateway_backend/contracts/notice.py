"""A webhook as far as it can be trusted before it is confirmed: its kind and its ids (contract §3).

The checksum does not cover the body, so nothing else in it is read here.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from gateway_backend.domain.errors import BodyUnreadable

type _Id = Annotated[str, Field(min_length=1, max_length=128)]


class Kind(StrEnum):
    HOLDINGS_V2 = "HOLDINGS_V2"
    HOLDINGS_V1 = "HOLDINGS_V1"
    ORDER = "ORDER"
    MUTUAL_FUNDS = "MUTUAL_FUNDS"
    PENDING_ACTION = "PENDING_ACTION"


class Notice(BaseModel):
    """The identifying members of a webhook and the hash of the body they came in."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Kind
    body_hash: str
    timestamp: _Id
    checksum: _Id | None = None
    account_id: _Id | None = Field(default=None, validation_alias="smallcaseAuthId")
    transaction_id: _Id | None = Field(default=None, validation_alias="transactionId")
    snapshot_date: str | None = Field(default=None, validation_alias="snapshotDate")

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """Raises: BodyUnreadable when it is not JSON, not an object or of no known shape."""
        try:
            body = from_json(raw, allow_inf_nan=False, cache_strings="keys")
        except ValueError:
            raise BodyUnreadable("The body is not JSON") from None
        if not isinstance(body, dict):
            raise BodyUnreadable("The body is not a JSON object")
        try:
            return cls.model_validate({**body, "kind": _kind(body), "body_hash": hashlib.sha256(raw).hexdigest()})
        except ValidationError as error:
            fields = ", ".join(str(problem["loc"][0]) for problem in error.errors(include_input=False))
            raise BodyUnreadable(f"Members of the wrong type or missing: {fields}") from None

    @property
    def signed_text(self) -> str:
        """What the checksum covers (contract §3.2): plain concatenation, exactly as received."""
        subject = self.transaction_id if self.kind is Kind.MUTUAL_FUNDS else self.account_id
        return self.timestamp + (subject or "")


def _kind(body: dict[str, Any]) -> Kind:
    """Route by shape (contract §3.7): no webhook names its type."""
    if "smallcaseAuthId" in body:
        if "batchId" in body:
            return Kind.ORDER
        if isinstance(body.get("securities"), list):
            return Kind.HOLDINGS_V2
        if isinstance(body.get("securities"), dict):
            return Kind.HOLDINGS_V1
        if "iscid" in body:
            return Kind.PENDING_ACTION
    elif "transactionId" in body and "timestamp" in body:
        return Kind.MUTUAL_FUNDS
    raise BodyUnreadable("The body has the shape of no webhook that Gateway sends")
