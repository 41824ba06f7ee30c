"""Writes: everything that changes state, in a transaction."""
