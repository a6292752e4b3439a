"""The body that hands the SDK's result to us: it was resolved or rejected, on a supported platform."""

import pytest

from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.result import ResultRequest
from testing.refusals import refusal


def test_a_result_is_resolved_or_rejected_even_with_null() -> None:
    resolved = parse_body(ResultRequest, b'{"platform":"web","resolved":{"broker":"kite"}}')
    nothing = parse_body(ResultRequest, b'{"platform":"cordova","rejected":null}')

    assert (resolved.was_rejected, resolved.given) == (False, {"broker": "kite"})
    assert (nothing.was_rejected, nothing.given) == (True, None)


@pytest.mark.parametrize("platform", ["web", "react-native", "flutter", "cordova", "ios", "android"])
def test_every_platform_is_accepted(platform: str) -> None:
    assert parse_body(ResultRequest, f'{{"platform":"{platform}","resolved":"text"}}'.encode()).platform == platform


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"platform":"web"}', "exactly one of resolved and rejected"),
        ('{"platform":"web","resolved":{},"rejected":{}}', "exactly one of resolved and rejected"),
        ('{"platform":"smart-tv","resolved":{}}', "platform"),
        ('{"resolved":{}}', "platform"),
        ('{"platform":"web","resolved":{},"success":true}', "success"),
    ],
)
def test_a_wrong_member_of_a_result_is_named(text: str, named: str) -> None:
    assert named in refusal(ResultRequest, text)
