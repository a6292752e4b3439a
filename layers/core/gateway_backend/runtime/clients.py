"""AWS clients, one per service and worker, straight from botocore: boto3 would only make cold starts slower."""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
)
_session = cache(get_session)


@cache
def client(service: str) -> Any:
    return _session().create_client(service, config=_CONFIG)
