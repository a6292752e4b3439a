"""Gateway's server API (contract 2), over one HTTP session per Lambda worker.

Reads are retried a few times; a create never is, because Gateway has no idempotency key (contract 9).
"""

import math
import time
from contextvars import ContextVar
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util.retry import Retry

from gateway_backend.contracts.shared.gateway_model import ResponseEnvelope, parse_response
from gateway_backend.contracts.transactions.gateway_details import CreatedTransaction, TransactionDetails
from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import (
    DomainError,
    GatewayForbidden,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
    SdkTokenInvalid,
)
from gateway_backend.domain.shared.exact_json import JsonUnreadable, members
from gateway_backend.domain.transactions.report import Report
from gateway_backend.gateway import tokens
from gateway_backend.gateway.keys import GatewayKeys
from gateway_backend.runtime.deadlines import call_within
from gateway_backend.runtime.observability import count, logger

CONNECT_SECONDS, READ_SECONDS = 3.05, 6.0
PATIENCE_SECONDS = 18.0
"""For all the calls of one request or message together, so that its function answers before it is stopped."""

LARGEST_ANSWER = 5 * 1024 * 1024
"""What Lambda could not hand on (6 MB) is not stored either; 5,000 securities are below 2 MB."""

_CHUNK = 64 * 1024
_give_up_at: ContextVar[float] = ContextVar("give_up_at", default=math.inf)
"""Until when the call that a thread makes may be retried."""


class _Retries(Retry):
    """A connection that broke is worth another try; an answer that did not come in time is not waited for again,
    which would outlast the app's own request."""

    def increment(self, *request: Any, **outcome: Any) -> Self:
        if isinstance(outcome.get("error"), ReadTimeoutError):
            raise outcome["error"]
        if time.monotonic() >= _give_up_at.get():
            raise GatewayTimeout
        return super().increment(*request, **outcome)


_READ_RETRIES = _Retries(
    total=2,
    allowed_methods={"GET"},
    status_forcelist={429, 500, 502, 503, 504},
    backoff_factor=0.2,
    backoff_jitter=0.2,
    backoff_max=2,
    respect_retry_after_header=False,
    raise_on_status=False,
)


def open_session() -> requests.Session:
    """The session to keep for a worker's life: connections are reused between invocations."""
    session = requests.Session()
    # It serves many users: a cookie that Gateway sets for one must never go out with another's request.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = False
    adapter = HTTPAdapter(max_retries=_READ_RETRIES)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class Gateway:
    """One gateway name at one base URL, for the length of one request or message.

    Every method raises GatewayTimeout, GatewayUnavailable (no answer, or one that is not as the contract has it),
    GatewayForbidden (403) or GatewayRefused (any other refusal).
    """

    def __init__(self, session: requests.Session, base_url: str, keys: GatewayKeys) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._give_up_at = time.monotonic() + PATIENCE_SECONDS
        self.keys = keys

    def create_transaction(self, body: dict[str, Any], token: str) -> CreatedTransaction:
        """Contract 2.1. After a timeout it is unknown whether one was created; nobody has its id, and it expires."""
        path = f"/gateway/{self.keys.gateway_name}/transaction"
        _, data = self._data("POST", path, token, data=exact_json.dumps(body))
        return parse_response(CreatedTransaction, data)

    def transaction(self, transaction_id: str, now: datetime) -> Report:
        """Contract 2.5, with the account that the transaction's own token proves when no id is given beside it."""
        path = f"/v1/{self.keys.gateway_name}/engine/transactiondetails"
        token = tokens.guest_token(self.keys.secret, now)
        _, data = self._data("GET", path, token, params={"transactionId": transaction_id})
        details = parse_response(TransactionDetails, data)
        return details.report(transaction_id, details.account_id or self._account_of(details.token))

    def holdings(self, account_id: str, now: datetime, *, mutual_funds: bool) -> dict[str, tuple[str, Any]]:
        """Contract 2.6, always v2: the data object's members, each as (its own JSON text, its value)."""
        path = f"/v1/{self.keys.gateway_name}/engine/user/holdings"
        token = tokens.connected_token(account_id, self.keys.secret, now)
        query = {"version": "v2"} | ({"mfHoldings": "true"} if mutual_funds else {})
        _, data = self._data("GET", path, token, split=True, params=query)
        if not isinstance(data, dict):
            raise GatewayUnavailable("smallcase Gateway's holdings are not a JSON object")
        return data

    def orders(self, transaction_id: str, now: datetime) -> Any:
        """Contract 2.7: one batch or several, as Gateway wraps them (`contracts.orders.gateway_batches`)."""
        path = f"/v1/{self.keys.gateway_name}/engine/orders/sst"
        token = tokens.guest_token(self.keys.secret, now)
        _, data = self._data("GET", path, token, params={"transactionId": transaction_id})
        return data

    def investment(self, account_id: str, iscid: str, now: datetime) -> Any:
        """Contract 2.8: an investment in a smallcase (`contracts.connections.gateway_investment`)."""
        path = f"/v1/{self.keys.gateway_name}/engine/user/investments"
        token = tokens.connected_token(account_id, self.keys.secret, now)
        _, data = self._data("GET", path, token, params={"iscid": iscid})
        return data

    def _data(self, method: str, path: str, token: str, *, split: bool = False, **parts: Any) -> tuple[str, Any]:
        """The envelope's data (contract 2.0) as its JSON text and its value, which may be `split` into its members.

        A failure is counted and logged by its code.
        """
        try:
            return _checked(*self._send(method, path, token, **parts), split=split)
        except DomainError as error:
            logger.warning("gateway call failed", call=f"{method} {path.rpartition('/')[2]}", code=error.code)
            # A session that is over, or a transaction that is not known yet, is nothing to be alarmed about.
            is_refusal = isinstance(error, GatewayForbidden | GatewayRefused)
            count("GatewayCallRefused" if is_refusal else "GatewayCallFailed")
            raise

    def _account_of(self, token: str | None) -> str | None:
        try:
            # It came over our own authenticated connection: only whose it is matters, not how old it is.
            return tokens.account_of(token, self.keys.secret, now=None) if token else None
        except SdkTokenInvalid:
            raise GatewayUnavailable("smallcase Gateway's answer holds a token of another gateway") from None

    def _send(self, method: str, path: str, token: str, **parts: Any) -> tuple[int, bytes]:
        """The answer's status and body."""
        left = self._give_up_at - time.monotonic()
        if left <= 0:
            raise GatewayTimeout
        headers = {"x-gateway-secret": self.keys.api_secret, "x-gateway-authtoken": token}
        if "data" in parts:
            headers["Content-Type"] = "application/json"
        try:
            # A timeout of requests' counts anew with every byte of a header and with every retry.
            return call_within(left, lambda: self._exchange(method, path, headers, min(READ_SECONDS, left), parts))
        except TimeoutError:
            raise GatewayTimeout from None

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], read_seconds: float, parts: dict[str, Any]
    ) -> tuple[int, bytes]:
        _give_up_at.set(self._give_up_at)
        try:
            with self._session.request(
                method,
                self._base_url + path,
                headers=headers,
                timeout=(CONNECT_SECONDS, read_seconds),
                allow_redirects=False,
                stream=True,
                **parts,
            ) as answer:
                return answer.status_code, self._body(answer)
        except (requests.Timeout, ReadTimeoutError):
            raise GatewayTimeout from None
        except (requests.RequestException, HTTPError) as error:
            raise GatewayUnavailable from _without_url(error)

    def _body(self, answer: requests.Response) -> bytes:
        """Read as it arrives: requests' own iteration would wait for a whole chunk of a body that trickles."""
        body = bytearray()
        while chunk := answer.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise GatewayUnavailable("smallcase Gateway's answer is too large to be served")
            if time.monotonic() > self._give_up_at:
                raise GatewayTimeout
        return bytes(body)


def _checked(status: int, content: bytes, *, split: bool = False) -> tuple[str, Any]:
    """`success` must be true even on HTTP 200 (contract 2.0); a 403 that is no envelope is not Gateway's own word."""
    if status == requests.codes.too_many or status >= requests.codes.server_error:
        raise GatewayUnavailable(f"smallcase Gateway answered {status}")
    try:
        body = members(content.decode(), split="data" if split else None)
    except (JsonUnreadable, UnicodeDecodeError):
        raise GatewayUnavailable("smallcase Gateway's answer is not its JSON envelope") from None
    envelope = parse_response(ResponseEnvelope, {name: value for name, (_, value) in body.items() if name != "data"})
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        raise GatewayForbidden(f"smallcase Gateway answered {status}")
    if not envelope.success or status >= requests.codes.bad_request:
        raise GatewayRefused(f"smallcase Gateway refused the request ({status})")
    return body.get("data", ("null", None))


def _without_url(error: Exception) -> Exception:
    """The kind of failure only: a requests error quotes URLs, and tracebacks end up in logs."""
    return ConnectionError(type(error).__name__)
