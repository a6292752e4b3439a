"""Gateway's webhooks."""
