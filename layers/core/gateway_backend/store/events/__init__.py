"""The table's stream: items before and after a write."""
