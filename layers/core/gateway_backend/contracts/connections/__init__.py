"""Connections, sessions and account openings, as the app and Gateway write them."""
