"""What all bodies of the HTTP API have in common."""
