"""The seeded lives of the demo accounts: the same records on every machine and every day."""
