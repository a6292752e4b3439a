"""Order batches."""
