"""Publishing what changed."""
