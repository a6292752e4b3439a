"""What broker accounts hold: portfolios, snapshots, and what changed between them."""
