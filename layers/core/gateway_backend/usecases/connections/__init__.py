"""Sessions, links and account openings."""
