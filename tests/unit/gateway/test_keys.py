"""The keys of the gateway, from the secret: a missing key is named, and none is shown."""

import json
from typing import Any

import pytest

from gateway_backend.domain.shared.errors import GatewayUnconfigured
from gateway_backend.gateway.keys import GatewayKeys

KEYS = {"gatewayName": "demo", "secret": "s3cret", "apiSecret": "new", "previousApiSecret": "old"}


def test_the_current_api_secret_comes_first() -> None:
    keys = GatewayKeys.parse(json.dumps(KEYS))

    assert (keys.gateway_name, keys.secret, keys.api_secret, keys.api_secrets) == (
        "demo",
        "s3cret",
        "new",
        ("new", "old"),
    )


@pytest.mark.parametrize("previous", [{}, {"previousApiSecret": None}, {"previousApiSecret": ""}])
def test_a_previous_api_secret_is_optional(previous: dict[str, Any]) -> None:
    keys = {name: value for name, value in KEYS.items() if name != "previousApiSecret"} | previous

    assert GatewayKeys.parse(json.dumps(keys)).api_secrets == ("new",)


@pytest.mark.parametrize("name", ["gatewayName", "secret", "apiSecret"])
@pytest.mark.parametrize("value", [None, "", 5, ["list"]])
def test_a_missing_key_is_named_and_the_other_keys_are_not_shown(name: str, value: Any) -> None:
    with pytest.raises(GatewayUnconfigured, match=f"no {name}:") as refused:
        GatewayKeys.parse(json.dumps(KEYS | {name: value}))
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "s3cret", "[]", '"s3cret"', "null"])
def test_a_secret_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(GatewayUnconfigured):
        GatewayKeys.parse(text)


def test_the_repr_of_the_keys_shows_no_secret() -> None:
    assert repr(GatewayKeys.parse(json.dumps(KEYS))) == "GatewayKeys(gateway_name='demo')"
