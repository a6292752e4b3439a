"""Accepting webhooks, and applying what Gateway confirms."""
