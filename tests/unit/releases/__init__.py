"""What former releases stored, and that this one reads it."""
