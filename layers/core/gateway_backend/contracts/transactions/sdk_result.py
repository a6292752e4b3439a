"""The results of the client SDKs, of every platform, in one shape (contract 6).

Nothing in it is trusted: the token's signature is checked by the caller and everything else confirmed with Gateway.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.exact_json import JsonUnreadable
from gateway_backend.domain.transactions.messages import code_of
from gateway_backend.domain.transactions.report import Failure

_NESTED = ("data", "userInfo", "success", "error", "details", "code", "message")
_DEEPEST = 5


class SdkResult(NamedTuple):
    token: str | None = None
    broker: str | None = None
    transaction_id: str | None = None
    failure: Failure | None = None


def parse_sdk_result(value: Any, *, rejected: bool) -> SdkResult:
    """`value` as the SDK gave it: an object, JSON text, or (Flutter) an object whose `data` is a bare token.

    A rejection may also be a bare text, or an object without a code (contract 6.3).
    """
    layers = list(_layers(value, 0))
    if rejected and not layers and isinstance(value, str):
        layers = [{"message": value}]
    failed = rejected or any(map(_is_failure, layers))
    return SdkResult(
        token=_first_text(layers, "smallcaseAuthToken"),
        broker=_first_text(layers, "broker"),
        transaction_id=_first_text(layers, "transactionId"),
        failure=_failure(layers) if failed else None,
    )


def _layers(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield from _layers_of_text(value, depth)
    elif isinstance(value, dict):
        yield value
        for name in _NESTED:
            yield from _layers(value.get(name), depth + 1)


def _layers_of_text(text: str, depth: int) -> Iterator[dict[str, Any]]:
    if text.count(".") == 2 and text.startswith("ey"):
        yield {"smallcaseAuthToken": text}
    elif text.lstrip().startswith("{"):
        try:
            inner = exact_json.loads(text)
        except JsonUnreadable:
            return
        yield from _layers(inner, depth + 1)


def _is_failure(layer: dict[str, Any]) -> bool:
    """Cordova on iOS and Flutter on Android hand errors to the success callback (contract 6.3)."""
    return layer.get("success") is False or (layer.get("success") is not True and bool(_number(layer.get("errorCode"))))


def _first_text(layers: list[dict[str, Any]], name: str) -> str | None:
    return next((layer[name] for layer in layers if isinstance(layer.get(name), str) and layer[name]), None)


def _failure(layers: list[dict[str, Any]]) -> Failure:
    codes = (layer.get(name) for layer in layers for name in ("errorCode", "code"))
    number = next((number for number in map(_number, codes) if number is not None), None)
    texts = (_first_text(layers, name) for name in ("errorMessage", "message", "error"))
    message = next((text for text in texts if text), "internal_error")[:100]
    return Failure(code_of(message) if number is None else number, message)


def _number(value: Any) -> int | None:
    """A code as a number or as digits; error codes have four."""
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
