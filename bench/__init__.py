"""What the backend costs, as ratios against the obvious way of doing the same (design section 10)."""
