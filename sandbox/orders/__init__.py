"""Orders and the batches that they are placed in."""
