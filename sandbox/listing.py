"""The list of demo keys for people and scripts."""

import json
from typing import Any

from sandbox.accounts import demo_keys


def rows(base_url: str) -> list[dict[str, Any]]:
    """One row per key; ``statement`` is the full address of the account's statement of truth."""
    return [
        {
            "exchange": key.exchange,
            "purpose": key.purpose,
            "credentials": key.credentials,
            "account": key.account_id,
            "statement": f"{base_url}/__sandbox__/accounts/{key.account_id}/statement",
        }
        for key in demo_keys()
    ]


def as_json(base_url: str) -> str:
    """The list for scripts."""
    return json.dumps(rows(base_url), indent=2)


def as_table(base_url: str) -> str:
    """The list for people."""
    lines = []
    for row in rows(base_url):
        lines.append(f"{row['exchange']}  {row['purpose']}  ({row['account']})")
        lines += [f"    {name:<8} {value}" for name, value in row["credentials"].items()]
    return "\n".join(lines)
