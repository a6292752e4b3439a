"""What tests and the simulation share: the table in memory, a fake Gateway, worlds in which users live, portfolios."""
