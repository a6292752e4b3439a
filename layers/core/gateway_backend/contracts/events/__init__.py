"""The events that we publish."""
