"""The simulated user, who goes through Gateway's screens as a scenario says."""
