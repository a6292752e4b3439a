"""What is true of holdings, transactions and freshness; standard library only, no I/O."""
