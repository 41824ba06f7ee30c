"""A stand-in for Kraken Futures."""
