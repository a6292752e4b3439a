"""Gateway's webhooks: their bodies, their signature, how they can go wrong, and how they are sent (contract 3)."""
