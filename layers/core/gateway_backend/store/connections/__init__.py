"""Connections, account openings."""
