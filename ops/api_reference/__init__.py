"""The description of the HTTP API, from which docs/openapi.json is generated. It is not deployed."""
