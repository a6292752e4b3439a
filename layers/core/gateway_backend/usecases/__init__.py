"""One verb each: load, ask the domain, commit."""
