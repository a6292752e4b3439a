"""When long-lived connections are refreshed, and what became of it."""
