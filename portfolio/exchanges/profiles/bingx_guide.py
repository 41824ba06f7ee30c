"""How to make a key for BingX that can only read, and what it brings."""

from portfolio.exchanges.guides import Guide

GUIDE = Guide(
    give=("Read",),
    keep=(
        "Spot Trading",
        "Perpetual Futures Trading",
        "Universal Transfer",
        "Withdraw",
        "Sub-account Transfer",
    ),
    steps=(
        "On bingx.com open your profile, then API Management, and choose Create API.",
        "Give it a name such as Coffer and confirm with your second factor.",
        "A new key may only Read: leave it so.",
        "Link this server's IP address to the key: elsewhere it is then of no use.",
        "Copy the API key and the secret key; the secret is shown only now.",
    ),
    notes=(
        "BingX documents the fund account's balance and the transfers as needing Universal "
        "Transfer, and the perpetual account's income and fills as needing Perpetual Futures "
        "Trading. Where it insists, Coffer shows them as not to be had; do not tick these rights.",
        "The perpetual account's income goes back three months only: connect it early.",
        "Of coin-M perpetual and standard futures only balances and transfers are fetched: BingX "
        "serves no income of them.",
    ),
    covers=(
        ("balances", True, "", "spot, funding, contracts of three kinds with what is open"),
        ("trades", True, "three months promised, all that is served kept", "spot, pair by pair"),
        ("deposits", True, "from the first deposit", "into the fund account"),
        ("withdrawals", True, "from the first withdrawal", "from the fund account"),
        ("transfers", True, "as far as BingX lists them", "between own accounts"),
        ("ledger", True, "3 months", "USDT-M perpetual: realised profit, funding, fees"),
        ("funding", True, "3 months", "as part of the perpetual account's ledger"),
        ("liquidations", True, "3 months", "as part of the perpetual account's ledger"),
        ("interest", False, "", "earn, copy trading and grid are not fetched yet"),
        ("conversions", False, "", "BingX serves no list of conversions"),
        ("rewards", False, "", "BingX serves no list of payouts"),
    ),
)
