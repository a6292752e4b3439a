"""Receipts of webhooks."""
