"""Gateway Backend: the code that the functions share; imports only point down (docs/architecture.md)."""
