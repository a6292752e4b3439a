"""Erasing what users have taken back."""
