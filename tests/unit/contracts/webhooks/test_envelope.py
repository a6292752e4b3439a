"""A webhook is routed by its shape, and only its ids are parsed (contract 3.2, 3.7)."""

import hashlib
import json
from typing import Any

import pytest

from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.shared.errors import BodyUnreadable
from gateway_backend.domain.webhooks.receipt import WebhookKind
from testing.portfolios import FIXTURES

WEBHOOK = (FIXTURES / "holdings-v2-webhook.json").read_bytes()
ORDER = (FIXTURES / "order-webhook.json").read_bytes()
IDS = {"smallcaseAuthId": "account-1", "transactionId": "TRX_1", "timestamp": "T", "checksum": "C"}
V2: dict[str, Any] = IDS | {"securities": []}
STATEMENT = {"transactionId": "TRX_1", "timestamp": "T", "checksum": "C"}


def envelope(body: Any) -> WebhookEnvelope:
    return WebhookEnvelope.parse(json.dumps(body).encode())


def test_guide_002s_webhook_is_parsed() -> None:
    found = WebhookEnvelope.parse(WEBHOOK)

    assert found.kind is WebhookKind.HOLDINGS_V2
    assert (found.account_id, found.transaction_id) == (
        "6195e288360acf9ebc060d23",
        "TRX_06726c28769e44b8920bd6eb5bbeef17",
    )
    assert found.signed_texts == ["2022-03-24T11:33:53.091Z6195e288360acf9ebc060d23"]
    assert found.snapshot_date == "2022-03-24T11:24:00.871Z"
    assert found.body_hash == hashlib.sha256(WEBHOOK).hexdigest()


def test_guide_003s_webhook_is_an_order() -> None:
    assert WebhookEnvelope.parse(ORDER).kind is WebhookKind.ORDER


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (V2, WebhookKind.HOLDINGS_V2),
        (IDS | {"securities": {"holdings": []}}, WebhookKind.HOLDINGS_V1),
        (IDS | {"batchId": "b", "iscid": "i"}, WebhookKind.ORDER),
        (IDS | {"iscid": "i"}, WebhookKind.PENDING_ACTION),
        (STATEMENT | {"intent": "MF_HOLDINGS_IMPORT"}, WebhookKind.MUTUAL_FUNDS),
        (V2 | {"intent": "MF_HOLDINGS_IMPORT"}, WebhookKind.MUTUAL_FUNDS),
        (IDS, WebhookKind.UNKNOWN),
        (STATEMENT, WebhookKind.UNKNOWN),
        (STATEMENT | {"intent": "LIEN"}, WebhookKind.UNKNOWN),
        (IDS | {"securities": None}, WebhookKind.UNKNOWN),
        (IDS | {"securities": "none"}, WebhookKind.UNKNOWN),
        (IDS | {"lienStatus": "CREATED"}, WebhookKind.UNKNOWN),
        ({"timestamp": "T"}, WebhookKind.UNKNOWN),
    ],
)
def test_the_shape_of_a_webhook_decides_its_kind(body: dict[str, Any], kind: WebhookKind) -> None:
    assert envelope(body).kind is kind


def test_the_checksum_covers_the_account_or_for_mutual_funds_the_transaction() -> None:
    assert envelope(V2).signed_texts == ["Taccount-1"]
    assert envelope(STATEMENT).signed_texts == ["TTRX_1"]


def test_the_checksum_of_a_new_kind_covers_the_account_or_the_transaction() -> None:
    assert envelope(IDS).signed_texts == ["Taccount-1", "TTRX_1"]
    assert envelope({"timestamp": "T"}).signed_texts == []


@pytest.mark.parametrize("missing", [{"checksum": None}, {"checksum": ""}, {}])
def test_a_missing_checksum_is_none_so_that_it_can_be_refused_as_not_authentic(missing: dict[str, Any]) -> None:
    assert envelope({name: V2[name] for name in V2 if name != "checksum"} | missing).checksum is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        [V2],
        "text",
        None,
        5,
        {"securities": []},
        {"transactionId": "TRX_1"},
        {"smallcaseAuthId": "account-1", "securities": []},
        V2 | {"timestamp": None},
        V2 | {"timestamp": ""},
        V2 | {"timestamp": 1648121633},
        V2 | {"timestamp": "T\n"},
        V2 | {"timestamp": "T" * 129},
    ],
)
def test_a_body_of_another_shape_is_unreadable(body: Any) -> None:
    with pytest.raises(BodyUnreadable):
        envelope(body)


def test_a_timestamp_of_the_wrong_type_is_named() -> None:
    with pytest.raises(BodyUnreadable, match="timestamp"):
        envelope(V2 | {"timestamp": 5})


@pytest.mark.parametrize("value", [5, ["id"], {"id": "TRX_1"}, "a" * 129, "a\n", ""])
def test_what_cannot_be_an_id_counts_as_missing(value: Any) -> None:
    for member in ("smallcaseAuthId", "transactionId", "checksum", "snapshotDate"):
        found = envelope(V2 | {member: value})
        assert None in (found.account_id, found.transaction_id, found.checksum, found.snapshot_date)
    assert envelope(V2 | {"smallcaseAuthId": value}).signed_texts == []


@pytest.mark.parametrize(
    "odd", [b'"name":"\\ud83d"', b'"name":"\xff"', b'"price":NaN', b'"price":1e99999999999999999999']
)
def test_an_odd_text_or_number_does_not_hide_the_ids(odd: bytes) -> None:
    raw = json.dumps(V2).encode()[:-1] + b"," + odd + b"}"

    assert WebhookEnvelope.parse(raw).signed_texts == ["Taccount-1"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"not JSON",
        b"\xff\xfe\xfd",
        b'{"a":1}x',
        b"[" * 100_000,
        b'{"securities":' * 100_000,
        WEBHOOK[:-10],
    ],
)
def test_broken_or_deeply_nested_json_is_unreadable(raw: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        WebhookEnvelope.parse(raw)


def test_a_body_cannot_set_our_own_fields() -> None:
    smuggled = {
        "kind": "ORDER",
        "body_hash": "0",
        "account_id": "theirs",
        "transaction_id": "theirs",
        "snapshot_date": "x",
    }

    assert envelope(V2 | smuggled) == envelope(smuggled | V2).__class__(
        kind=WebhookKind.HOLDINGS_V2,
        body_hash=hashlib.sha256(json.dumps(V2 | smuggled).encode()).hexdigest(),
        timestamp="T",
        checksum="C",
        account_id="account-1",
        transaction_id="TRX_1",
    )


def test_another_body_has_another_hash() -> None:
    assert envelope(V2).body_hash != envelope(V2 | {"notes": "other"}).body_hash
