"""Bodies of `POST /v1/session`."""

from typing import Self

from pydantic import Field

from gateway_backend.contracts.shared.api_models import AccountId, Instant, RequestModel, ResponseModel
from gateway_backend.domain.market.brokers import Broker


class SessionRequest(RequestModel):
    """Without an account the session is a guest's: the user may choose any broker."""

    smallcase_auth_id: AccountId | None = None


class BrokerView(ResponseModel):
    """A capability is null where smallcase publishes nothing: the SDK shows it when it is tried."""

    broker: str
    name: str
    holdings_import: bool | None
    securities_orders: bool | None
    limit_orders: bool | None
    fetch_funds: bool | None
    amo_orders: bool | None = Field(description="Not published by smallcase: null unless the operator says it")
    long_lived_session: bool

    @classmethod
    def of(cls, broker: Broker) -> Self:
        return cls(
            broker=broker.key,
            name=broker.name,
            holdings_import=broker.holdings_import,
            securities_orders=broker.securities_orders,
            limit_orders=broker.limit_orders,
            fetch_funds=broker.fetch_funds,
            amo_orders=broker.amo_orders,
            long_lived_session=broker.long_lived,
        )


class SessionView(ResponseModel):
    gateway_name: str
    smallcase_auth_token: str
    expires_at: Instant
    smallcase_auth_id: str | None
    broker: str | None
    amo: bool = Field(description="For the SDK's `config.amo`: are orders after the market's close wanted?")
    brokers: list[BrokerView]
