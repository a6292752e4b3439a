"""The Indian market: its brokers, its securities and the hours in which they are traded."""
