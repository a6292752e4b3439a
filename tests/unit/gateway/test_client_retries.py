"""What the Gateway client retries: reads, never a create."""

import pytest

from gateway_backend.domain.shared.errors import (
    GatewayForbidden,
    GatewayUnavailable,
)
from gateway_backend.gateway.client import Gateway
from testing.fake_gateway import FakeGateway, Reply, success
from testing.gateway_calls import CREATED, READS, Call, create


@READS
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_retried(call: Call, status: int, fake: FakeGateway, gateway: Gateway) -> None:
    answer = success({"status": "USED", "securities": []})
    fake.replies = [Reply("busy", status), Reply("busy", status), answer]

    assert call(gateway)
    assert len(fake.requests) == 3


@READS
def test_a_read_is_retried_after_a_broken_connection(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    """Gateway closes idle connections, and a Lambda worker may sleep through that."""
    fake.replies = [Reply(hang_up=True), success({"status": "USED", "securities": []})]

    assert call(gateway)
    assert len(fake.requests) == 2


def test_a_create_is_not_retried_after_a_broken_connection(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(hang_up=True), success(CREATED)]

    with pytest.raises(GatewayUnavailable):
        create(gateway)
    assert len(fake.requests) == 1


@READS
def test_a_read_is_retried_twice_at_most(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply("busy", 429)]

    with pytest.raises(GatewayUnavailable, match="429"):
        call(gateway)
    assert len(fake.requests) == 3


@READS
def test_a_refusal_is_not_retried(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply('{"success":false}', 403)]

    with pytest.raises(GatewayForbidden):
        call(gateway)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_create_is_not_retried(status: int, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply("busy", status), success(CREATED)]

    with pytest.raises(GatewayUnavailable):
        create(gateway)
    assert len(fake.requests) == 1
