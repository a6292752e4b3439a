"""What crosses a border: Gateway's wire, our HTTP API, our queue."""
