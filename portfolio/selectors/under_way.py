"""The source that stands for what has left one own account and not reached the other."""

from __future__ import annotations

from portfolio.selectors.assets import source_name

UNDER_WAY = "transit"


def under_way(environment: str) -> str:
    """What is on its way between own accounts of an environment."""
    return source_name(UNDER_WAY, environment)
