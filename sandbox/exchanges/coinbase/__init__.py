"""Coinbase: the app's accounts and their ledgers (/v2) and Advanced Trade (/api/v3)."""
