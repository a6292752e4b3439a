"""Bodies of `POST /v1/session`."""

from typing import Self

from gateway_backend.contracts.http_api import AccountId, Answer, Body, Instant
from gateway_backend.domain.brokers import Broker


class SessionRequest(Body):
    """Without an account the session is a guest's: the user may choose any broker."""

    smallcase_auth_id: AccountId | None = None


class BrokerView(Answer):
    broker: str
    name: str
    holdings_import: bool
    securities_orders: bool
    limit_orders: bool
    long_lived_session: bool

    @classmethod
    def of(cls, broker: Broker) -> Self:
        return cls(
            broker=broker.key,
            name=broker.name,
            holdings_import=broker.holdings_import,
            securities_orders=broker.securities_orders,
            limit_orders=broker.limit_orders,
            long_lived_session=broker.long_lived,
        )


class SessionView(Answer):
    gateway_name: str
    smallcase_auth_token: str
    expires_at: Instant
    smallcase_auth_id: str | None
    broker: str | None
    amo: bool
    brokers: list[BrokerView]
