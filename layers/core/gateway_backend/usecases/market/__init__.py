"""The market's calendar."""
