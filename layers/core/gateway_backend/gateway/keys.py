"""The keys smallcase issues for one gateway name (contract 1.3)."""

from dataclasses import dataclass, field

from gateway_backend.domain.shared.errors import GatewayUnconfigured
from gateway_backend.domain.shared.exact_json import JsonUnreadable, loads


@dataclass(frozen=True, slots=True)
class GatewayKeys:
    """`secret` signs tokens; `api_secrets` (the current one first) sign webhooks and open the server API."""

    gateway_name: str
    secret: str = field(repr=False)
    api_secrets: tuple[str, ...] = field(repr=False)

    @property
    def api_secret(self) -> str:
        return self.api_secrets[0]

    @classmethod
    def parse(cls, text: str) -> "GatewayKeys":
        """From the secret's JSON. Raises: GatewayUnconfigured, naming the member that is missing."""
        try:
            given = loads(text)
        except JsonUnreadable:
            given = None
        if not isinstance(given, dict):
            raise GatewayUnconfigured("The Gateway secret is not a JSON object")
        members = {name: value for name, value in given.items() if isinstance(value, str) and value}
        for name in ("gatewayName", "secret", "apiSecret"):
            if name not in members:
                raise GatewayUnconfigured(f"The Gateway secret has no {name}: put it in Secrets Manager")
        secrets = (members["apiSecret"], members.get("previousApiSecret"))
        return cls(members["gatewayName"], members["secret"], tuple(filter(None, secrets)))
