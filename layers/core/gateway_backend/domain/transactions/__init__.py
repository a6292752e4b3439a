"""Interactions of a user with Gateway, from creation to their end."""
