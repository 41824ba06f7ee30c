"""The same accounts and the same protocol; only the statement is of one wallet."""

from sandbox.exchanges.binance.exchange import Binance
from sandbox.exchanges.binance.statement import of_one
from sandbox.generate.binance import BinanceLife
from sandbox.generate.binance_contracts import COIN_M
from sandbox.statement import Statement


class BinanceCoinM(Binance):
    """Answers below ``/binancecoinm``."""

    id = "binancecoinm"
    shown = ("main", "small", "empty")

    def statement(self, life: BinanceLife) -> Statement:
        """The truth about the futures wallet of one account."""
        return of_one(life, COIN_M)


EXCHANGE = BinanceCoinM
