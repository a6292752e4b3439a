"""One verb each: load, apply what the domain decides, save."""
