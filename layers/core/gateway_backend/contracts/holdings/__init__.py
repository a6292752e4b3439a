"""Statements of mutual funds, as Gateway writes them."""
