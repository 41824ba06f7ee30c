"""The product with nothing replaced: real ccxt, sandbox over HTTP, PostgreSQL, Valkey, workers."""

import pytest

pytest.register_assert_rewrite("tests.live.ledgers")
