"""Statements of mutual funds."""
