"""The exchange, and the broker between it and the user: what happens with orders, at once or days later."""
