"""The methods, one module each with its ``METHODS``."""
