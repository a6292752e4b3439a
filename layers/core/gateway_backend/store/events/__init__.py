"""What the table's stream says has changed."""
