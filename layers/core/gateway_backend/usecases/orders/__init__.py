"""Validating, syncing and reading orders."""
