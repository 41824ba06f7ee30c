"""What a web process must not have loaded."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import config.wsgi
from django.urls import get_resolver
assert get_resolver().url_patterns
print("ccxt" in sys.modules, "sandbox.server" in sys.modules)
"""


def test_pages_never_load_ccxt() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.split() == ["False", "False"]
