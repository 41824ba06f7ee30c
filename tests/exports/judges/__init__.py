"""Exports fed to the real programs: what they accept, what they make of it, what they refuse."""
