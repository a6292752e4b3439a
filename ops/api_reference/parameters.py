"""The query parameters and headers of the routes."""

from gateway_backend.domain.orders.batch import BatchStatus
from ops.api_reference.route import Parameter

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "A new UUID with each new request, the same with a repeat: then the first answer comes again, for a day",
    {"type": "string", "pattern": "^[!-~]{1,128}$"},
    required=True,
)
IDEMPOTENT_REPLAYED = Parameter(
    "Idempotent-Replayed", "`true` when an earlier request with this key created it", {"const": "true"}
)
LIMIT = Parameter("limit", "How many at most", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
CURSOR = Parameter("cursor", "`nextCursor` of the page before; none for the first page", {"type": "string"})
VERSION = Parameter(
    "version", "Gateway's shape: v2, or the older v1", {"type": "string", "enum": ["v2", "v1"], "default": "v2"}
)
_MOMENT_SCHEMA = {
    "type": "string",
    "pattern": r"^2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?Z)?$",
}
SINCE = Parameter(
    "since",
    "A date (its first moment in India) or an ISO instant with a zone; not in the future",
    _MOMENT_SCHEMA,
    required=True,
)
ORDERS_SINCE = Parameter(
    "since", "Only orders from this moment on: a date (its first moment in India) or an instant", _MOMENT_SCHEMA
)
ORDERS_UNTIL = Parameter("until", "Only orders from before this moment", _MOMENT_SCHEMA)
ORDERS_OF_ACCOUNT = Parameter("smallcaseAuthId", "Only orders placed in this account", {"type": "string"})
ORDERS_OF_STATUS = Parameter("status", "Only batches of this status", {"type": "string", "enum": [*BatchStatus]})
IF_NONE_MATCH = Parameter("If-None-Match", "An ETag you have: 304 when nothing has changed", {"type": "string"})
ETAG = Parameter("ETag", "Changes whenever the answer does", {"type": "string"}, required=True)
CONTENT_DISPOSITION = Parameter("Content-Disposition", "Names the file", {"type": "string"}, required=True)
