"""Refreshing long-lived connections."""
