"""Refreshes, as the app and our queue write them."""
