"""A user's link to a broker account: its session, its freshness, and accounts being opened."""
