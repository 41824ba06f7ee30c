"""The same accounts and the same protocol; only the statement is of one wallet."""

from sandbox.exchanges.binance.exchange import Binance
from sandbox.exchanges.binance.statement import of_one
from sandbox.generate.binance import BinanceLife
from sandbox.generate.binance_contracts import USD_M
from sandbox.statement import Statement


class BinanceUsdM(Binance):
    """Answers below ``/binanceusdm``."""

    id = "binanceusdm"
    shown = ("main", "small", "empty")

    def statement(self, life: BinanceLife) -> Statement:
        """The truth about the futures wallet of one account."""
        return of_one(life, USD_M)


EXCHANGE = BinanceUsdM
