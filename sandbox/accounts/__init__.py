"""Broker accounts: what they hold, what Gateway has stored of that, and the smallcases of their users."""
