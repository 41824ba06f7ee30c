"""The coins and currencies of the sandbox: prices they move around, names, precision, networks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asset:
    """One coin or currency.

    ``levels`` are US dollar prices one year apart, from three years before the anchor on; the
    price path wanders around the line between them. ``kraken`` is the code there, if it is there.
    """

    code: str
    name: str
    levels: tuple[str, str, str, str]
    lot: int = 2  # decimals of a traded quantity on Binance
    places: int = 8  # decimals of a balance on Binance
    network: str = ""
    withdraw_fee: str = "0"
    kraken: str | None = None
    kraken_decimals: int = 10
    restless: int = 120  # size of a daily step, in hundredths of a percent
    binance: bool = True
    listed: bool = True  # False: delisted, no market is left
    fiat: bool = False

    @property
    def kraken_altname(self) -> str:
        """Kraken's short name: XXBT is also XBT, ZEUR is also EUR."""
        code = self.kraken or ""
        return code[1:] if len(code) == 4 and code[0] in "XZ" else code


ASSETS: tuple[Asset, ...] = (
    Asset("BTC", "Bitcoin", ("36500", "68000", "92000", "104000"), 5, 8, "BTC", "0.00002", "XXBT"),
    Asset("ETH", "Ethereum", ("2000", "3300", "3100", "4300"), 4, 8, "ETH", "0.0012", "XETH"),
    Asset("BNB", "BNB", ("245", "580", "640", "990"), 3, 8, "BSC", "0.0005"),
    Asset("SOL", "Solana", ("58", "145", "180", "210"), 3, 8, "SOL", "0.001", "SOL"),
    Asset("XRP", "Ripple", ("0.61", "0.52", "2.2", "2.6"), 0, 8, "XRP", "0.2", "XXRP", 8),
    Asset("ADA", "Cardano", ("0.38", "0.45", "0.8", "0.7"), 1, 8, "ADA", "0.8", "ADA", 8),
    Asset("DOGE", "dogecoin", ("0.078", "0.13", "0.22", "0.19"), 0, 8, "DOGE", "4", "XXDG", 8),
    Asset("DOT", "Polkadot", ("5.4", "6.8", "6", "4"), 2, 8, "DOT", "0.08", "DOT"),
    Asset("AVAX", "Avalanche", ("20", "34", "24", "28"), 2, 8, "AVAXC", "0.01"),
    Asset("LINK", "ChainLink", ("14", "15", "17", "21"), 2, 8, "ETH", "0.55", "LINK"),
    Asset("LTC", "Litecoin", ("70", "80", "95", "110"), 3, 8, "LTC", "0.001", "XLTC"),
    Asset("ATOM", "Cosmos", ("9", "7", "5", "4.4"), 2, 8, "ATOM", "0.008", "ATOM", 8),
    Asset("UNI", "Uniswap", ("5", "8", "9", "9.5"), 2, 8, "ETH", "0.4", "UNI"),
    Asset("NEAR", "NEAR Protocol", ("1.8", "5.5", "3", "2.8"), 1, 8, "NEAR", "0.01"),
    Asset("ARB", "Arbitrum", ("1", "0.8", "0.5", "0.45"), 1, 8, "ARBITRUM", "0.2"),
    Asset("SHIB", "SHIBA INU", ("8.5e-6", "18e-6", "13e-6", "12e-6"), 0, 8, "ETH", "90"),
    Asset("PEPE", "Pepe", ("1.2e-6", "9e-6", "10e-6", "9e-6"), 0, 8, "ETH", "50000"),
    Asset("FIL", "Filecoin", ("4.4", "4.2", "3", "2.4"), 2, 8, "FIL", "0.03"),
    Asset("INJ", "Injective", ("15", "21", "14", "12"), 2, 8, "INJ", "0.01"),
    Asset("TRX", "TRON", ("0.1", "0.15", "0.25", "0.32"), 1, 8, "TRX", "1", "TRX", 8),
    Asset("XLM", "Stellar Lumens", ("0.12", "0.1", "0.3", "0.36"), 0, 8, "XLM", "0.02", "XXLM", 8),
    Asset("ALGO", "Algorand", ("0.13", "0.14", "0.2", "0.19"), 1, 8, "ALGO", "0.008", "ALGO"),
    Asset("AAVE", "Aave", ("95", "140", "220", "270"), 3, 8, "ETH", "0.02", "AAVE"),
    Asset("BCH", "Bitcoin Cash", ("230", "350", "430", "560"), 3, 8, "BCH", "0.0003", "BCH"),
    Asset("ETC", "Ethereum Classic", ("18", "21", "20", "19"), 2, 8, "ETC", "0.008", "XETC"),
    Asset("SUI", "Sui", ("0.5", "1.9", "3.2", "3"), 1, 8, "SUI", "0.03"),
    # Wrapped staked ether keeps the 18 decimals of its chain.
    Asset("WBETH", "Wrapped Beacon ETH", ("2060", "3430", "3260", "4580"), 4, 18, "ETH", "0.0012"),
    # Bitget's own coin, in which its fees may be paid.
    Asset("BGB", "Bitget Token", ("0.6", "1.2", "4.4", "5"), 4, 8, "ETH", "0.5", binance=False),
    Asset("USDT", "TetherUS", ("1", "1", "1", "1"), 2, 8, "TRX", "1", "USDT", 8, 2),
    Asset("USDC", "USD Coin", ("1", "1", "1", "1"), 2, 8, "ETH", "2", "USDC", 8, 2),
    Asset("EUR", "Euro", ("1.08", "1.09", "1.06", "1.14"), 2, 8, "", "0", "ZEUR", 4, 9, fiat=True),
    Asset("USD", "US Dollar", ("1", "1", "1", "1"), 2, 8, "", "0", "ZUSD", 4, 0, False, True, True),
    # Delisted: trades of the past remain, no market answers for them any more.
    Asset("WAVES", "Waves", ("2.1", "1.5", "1.2", "1"), 2, 8, "WAVES", "0.01", listed=False),
    Asset("OMG", "OMG Network", ("0.65", "0.4", "0.3", "0.3"), 2, 8, "ETH", "4", listed=False),
    # Never had a market here: came as an airdrop.
    Asset("GFT", "Gifto", ("0.015", "0.012", "0.01", "0.01"), 0, 8, "BSC", "30", listed=False),
)

BY_CODE: dict[str, Asset] = {asset.code: asset for asset in ASSETS}
