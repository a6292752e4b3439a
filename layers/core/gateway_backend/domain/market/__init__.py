"""Brokers, and when NSE trades."""
