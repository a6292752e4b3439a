"""How far a refresh has come, and the circuit breaker's state."""
