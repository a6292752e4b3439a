"""Gateway Backend: everything the functions share (design: imports only point down)."""
