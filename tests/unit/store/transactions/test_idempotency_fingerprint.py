"""The fingerprint of a request, by which a repeat is recognised."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.store.transactions.idempotency import fingerprint


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_fingerprint_is_the_same_only_for_the_same_text_and_secret(text: str, secret: str) -> None:
    expected = fingerprint(text, secret)

    assert expected == fingerprint(text, secret)
    assert expected not in (fingerprint(text + " ", secret), fingerprint(text, secret + " "))
    # Neither can it be guessed from the text alone, nor is it a signature that anything else goes by.
    assert expected != hashlib.sha256(text.encode()).hexdigest()
    assert expected != hmac.digest(secret.encode(), text.encode(), hashlib.sha256).hex()
