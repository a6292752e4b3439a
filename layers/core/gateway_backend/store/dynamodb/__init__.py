"""The table itself: conditional writes, typed attributes, large texts."""
