"""The product with nothing replaced: real ccxt, sandbox over HTTP, PostgreSQL, Valkey, workers."""
