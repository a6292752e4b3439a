"""Importing and reading holdings."""
