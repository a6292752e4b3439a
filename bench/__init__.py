"""What the backend costs, as ratios to a reference: the obvious way of doing the same."""
