"""Transactions, and the idempotency keys that create them."""
