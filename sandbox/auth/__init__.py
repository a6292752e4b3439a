"""Tokens: Gateway's own, and those of the demo app's users."""
