"""What is stored about the market."""
