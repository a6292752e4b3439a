"""The description of the HTTP API: docs/openapi.json is written from it."""
