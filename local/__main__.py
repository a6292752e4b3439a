"""`python -m local`: run, up, down, reset, status, logs."""

from local.cli import app

app()
