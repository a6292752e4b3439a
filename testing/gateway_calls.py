"""The calls of the Gateway client that its tests make."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway_backend.gateway.client import Gateway
from gateway_backend.gateway.keys import GatewayKeys

NOW = datetime.now(UTC)
KEYS = GatewayKeys("demogateway", "a-made-up-secret-of-32-bytes-or-so", ("api-secret", "previous-api-secret"))
ACCOUNT = "6195e288360acf9ebc060d23"
CREATED = {"transactionId": "TRX_1", "expireAt": "2026-11-20T10:05:00.000Z"}

type Call = Callable[[Gateway], Any]


def create(gateway: Gateway) -> Any:
    return gateway.create_transaction({"intent": "CONNECT"}, "token-1")


def details(gateway: Gateway) -> Any:
    return gateway.transaction("TRX_1", NOW)


def holdings(gateway: Gateway) -> Any:
    return gateway.holdings(ACCOUNT, NOW, mutual_funds=False)


EVERY_CALL = pytest.mark.parametrize("call", [create, details, holdings])
READS = pytest.mark.parametrize("call", [details, holdings])
