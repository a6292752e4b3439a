"""AWS clients, one per service and worker, straight from botocore: boto3 would only make cold starts slower."""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session

_session = cache(get_session)


@cache
def client(service: str, read_timeout: int = 3) -> Any:
    config = Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 2},
        tcp_keepalive=True,
    )
    return _session().create_client(service, config=config)
