"""The running balances of an account, which can never go below zero."""

from collections import defaultdict
from decimal import Decimal

from sandbox.amounts import ZERO, exact


class Overdrawn(Exception):
    """A generated event would spend what is not there: a mistake in the generator."""


class Book:
    """Balances by wallet and asset, kept apart from the records so that they can be compared."""

    def __init__(self) -> None:
        self._balances: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)

    def post(self, wallet: str, asset: str, amount: Decimal) -> Decimal:
        """Add a signed amount and answer the balance after it. May raise Overdrawn."""
        with exact():
            after = self._balances[wallet, asset] + amount
        if after < 0:
            raise Overdrawn(f"{wallet} {asset}: {after}")
        self._balances[wallet, asset] = after
        return after

    def balance(self, wallet: str, asset: str) -> Decimal:
        """How much of an asset a wallet holds."""
        return self._balances.get((wallet, asset), ZERO)

    def held(self) -> dict[str, dict[str, Decimal]]:
        """All balances that are not zero: wallet, asset, quantity."""
        result: dict[str, dict[str, Decimal]] = {}
        for (wallet, asset), quantity in sorted(self._balances.items()):
            if quantity:
                result.setdefault(wallet, {})[asset] = quantity
        return result
