"""What pages show of every exchange, and cleaning what people paste."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portfolio.exchanges import catalogue
from portfolio.exchanges.catalogue import BadCredential, UnknownExchange, clean_credentials
from portfolio.exchanges.profiles import PROFILES

ROOT = Path(__file__).resolve().parents[2]
NAME = "organizations/0e2a9d2c/apiKeys/7f1b"


@pytest.fixture(scope="module")
def pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize(
    "module", ["registry", "catalogue", "types", "errors", "budget", "markets", "profiles"]
)
def test_pages_do_not_load_ccxt(module: str) -> None:
    program = (
        f"import sys; import portfolio.exchanges.{module}; "
        "from portfolio.exchanges import catalogue, registry; catalogue.all_exchanges(); "
        "from portfolio.engine.types import RecordKind; "
        "registry.overlap('kraken', RecordKind.LEDGER); "
        "sys.exit(int(any(name.split('.')[0] == 'ccxt' for name in sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_every_exchange_is_listed_those_known_by_heart_first() -> None:
    infos = catalogue.all_exchanges()
    assert len(infos) == 104
    assert [info.id for info in infos[: len(PROFILES)]] == sorted(PROFILES)
    assert {info.id for info in infos if info.has_profile} == set(PROFILES)
    for info in infos:
        assert info.name
        assert bool(info.credentials) is not bool(info.unavailable)
        asks_private_key = any(field.name == "privateKey" for field in info.credentials)
        assert not asks_private_key or info.id == "revolutx"  # there it is an API key
        assert info.steps
        assert info.permissions_not_to_give
        assert any(c.kind == "balances" and c.available for c in info.capabilities)


def test_an_unknown_exchange_is_one_clear_line() -> None:
    with pytest.raises(KeyError) as caught:
        catalogue.get("nowhere")
    assert isinstance(caught.value, UnknownExchange)
    assert str(caught.value) == "There is no exchange called 'nowhere'."


@pytest.mark.parametrize(
    ("exchange", "fields"),
    [
        ("binance", ["apiKey", "secret"]),
        ("kraken", ["apiKey", "secret"]),
        ("coinbase", ["apiKey", "secret"]),
        ("okx", ["apiKey", "secret", "password"]),
        ("bitget", ["apiKey", "secret", "password"]),
        ("kucoin", ["apiKey", "secret", "password"]),
        ("hyperliquid", ["walletAddress"]),
        ("bitmart", None),
    ],
)
def test_exactly_the_fields_that_an_exchange_needs(exchange: str, fields: list[str] | None) -> None:
    if fields is None:
        with pytest.raises(UnknownExchange):
            catalogue.get(exchange)
        return
    assert [field.name for field in catalogue.get(exchange).credentials] == fields


def test_passphrases_are_called_so() -> None:
    labels = {f.label for e in ("okx", "bitget", "kucoin") for f in catalogue.get(e).credentials}
    assert "Passphrase" in labels
    assert next(f for f in catalogue.get("coinbase").credentials if f.name == "secret").multiline


def test_spaces_and_line_ends_of_pasting_go() -> None:
    given = {"apiKey": "  abc\u200bdef\n", "secret": " s3cr\n et \t"}
    assert clean_credentials("okx", {**given, "password": " p w "}) == {
        "apiKey": "abcdef",
        "secret": "s3cret",
        "password": "pw",
    }


@pytest.mark.parametrize(
    "mangle",
    [
        lambda pem: pem,
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.replace("\n", "\\r\\n"),
        lambda pem: pem.replace("\n", " "),
        lambda pem: f'"{pem.strip()}"',
        lambda pem: "   " + pem.replace("\n", "\n   "),
        lambda pem: json.dumps({"name": NAME, "privateKey": pem}),
    ],
)
def test_a_pem_key_survives_pasting(pem: str, mangle) -> None:  # type: ignore[no-untyped-def]
    cleaned = clean_credentials("coinbase", {"apiKey": NAME, "secret": mangle(pem)})
    assert cleaned == {"apiKey": NAME, "secret": pem}
    serialization.load_pem_private_key(cleaned["secret"].encode(), None)


def test_the_downloaded_file_fills_both_fields(pem: str) -> None:
    download = json.dumps({"name": NAME, "privateKey": pem})
    assert clean_credentials("coinbase", {"apiKey": "", "secret": download}) == {
        "apiKey": NAME,
        "secret": pem,
    }


CANARY = "c4n4ryc4n4ryc4n4ry"
BAD = [
    ("kraken", {"apiKey": "", "secret": CANARY}, "apiKey"),
    ("kraken", {"apiKey": CANARY}, "secret"),
    ("kraken", {"apiKey": CANARY, "secret": CANARY + "!"}, "secret"),
    ("kraken", {"apiKey": CANARY, "secret": CANARY * 4, "extra": CANARY}, "extra"),
    ("binance", {"apiKey": CANARY, "secret": CANARY + "\u20ac"}, "secret"),
    ("binance", {"apiKey": CANARY, "secret": "-----BEGIN PRIVATE KEY-----\n" + CANARY}, "secret"),
    ("coinbase", {"apiKey": NAME, "secret": CANARY}, "secret"),
    ("okx", {"apiKey": CANARY, "secret": CANARY, "password": " "}, "password"),
    ("hyperliquid", {"privateKey": "0x" + "ab" * 32}, "privateKey"),
    ("hyperliquid", {"walletAddress": "0x" + "ab" * 32}, "walletAddress"),
    ("hyperliquid", {"walletAddress": "ab" * 32}, "walletAddress"),
    ("hyperliquid", {"walletAddress": "0x12"}, "walletAddress"),
]


@pytest.mark.parametrize(("exchange", "values", "field"), BAD)
def test_what_cannot_be_right_is_named_and_not_repeated(
    exchange: str, values: dict[str, str], field: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        clean_credentials(exchange, values)
    assert isinstance(caught.value, BadCredential)
    assert caught.value.field == field
    assert CANARY not in str(caught.value)
    assert "abab" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("exchange", ["paradex", "polymarket", "derive"])
def test_a_wallet_s_private_key_is_never_taken(exchange: str) -> None:
    assert catalogue.get(exchange).unavailable
    for values in ({}, {"privateKey": "0x" + "ab" * 32}):
        with pytest.raises(BadCredential):
            clean_credentials(exchange, values)


def test_an_address_is_enough_for_hyperliquid() -> None:
    address = "0x" + "Ab" * 20
    assert clean_credentials("hyperliquid", {"walletAddress": f" {address} "}) == {
        "walletAddress": address
    }


def test_one_exchange_loads_one_profile() -> None:
    program = (
        "import sys; from portfolio.exchanges import catalogue, registry; "
        "before = [n for n in sys.modules if n.startswith('portfolio.exchanges.profiles.')]; "
        "catalogue.get('kraken'); "
        "after = {n.rpartition('.')[2] for n in sys.modules if '.exchanges.profiles.' in n}; "
        "sys.exit(int(bool(before) or 'binance' in after or 'kraken' not in after))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_profiles_are_called_like_their_exchange() -> None:
    for exchange, profile in PROFILES.items():
        assert profile.exchange == exchange
