"""The stand-in exchanges themselves, with real ccxt as their client."""
