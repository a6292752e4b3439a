"""Who this Gateway is and whom it tells."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    gateway_name: str = "sandboxgateway"
    # Signs tokens (contract 1.3). Made up, and visibly so.
    secret: str = "sandbox-secret-not-a-real-one-32bytes"
    # Opens the server API and signs webhooks.
    api_secret: str = "sandbox-api-secret-not-a-real-one"
    issuer: str = "http://127.0.0.1:3001"
    audience: str = "gateway-backend"
    # None: the partner registered no webhook, so none is ever sent.
    webhook_url: str | None = None
