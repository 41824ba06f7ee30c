"""Measures how the product's work grows with history: ``make bench``."""
