"""How memory is used by work on much at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Rings of objects are looked for afterwards, not meanwhile.

    Of a long history millions of rows are made that hold no rings: looking through them again and
    again takes a quarter of the work and finds nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
