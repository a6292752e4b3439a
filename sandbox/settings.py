"""The sandbox's identity as a Gateway, and where it sends webhooks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    gateway_name: str = "sandboxgateway"
    # Signs tokens (contract 1.3). The default is made up, and recognisable as such.
    secret: str = "sandbox-secret-not-a-real-one-32bytes"
    # Authenticates calls of the server API and signs webhooks.
    api_secret: str = "sandbox-api-secret-not-a-real-one"
    issuer: str = "http://127.0.0.1:3001"
    audience: str = "gateway-backend"
    # None when the partner has registered no webhook: then none is sent.
    webhook_url: str | None = None
