"""What was ordered, and what the exchange made of it."""
