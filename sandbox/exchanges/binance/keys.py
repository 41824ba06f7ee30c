"""Binance's keys for accounts that the other exchanges do not have."""

PURPOSES = {
    # Never opened a futures account: those endpoints answer as if the key were wrong.
    "read-only-spot": ("spot", frozenset[str]()),
    # Traded USDT-M futures before what income still tells: that ledger cannot agree.
    "read-only-older": ("older", frozenset[str]()),
    # Traded a dozen of very many pairs; empty unless the sandbox lists them (``--pairs``).
    "read-only-crowd": ("crowd", frozenset[str]()),
}
