"""OKX: trading, funding and savings of an account, and its public prices."""
