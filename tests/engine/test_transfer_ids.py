"""Names of one thing in the spellings of several exchanges."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import transfer_ids as ids

HASH = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
SOLANA = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"


@pytest.mark.parametrize(
    "spelled",
    [
        HASH,
        HASH.upper(),
        f"0x{HASH}",
        f"0X{HASH.upper()}",
        f" {HASH}\n",
        f"{HASH}:0",
        f"{HASH}-12",
        f"{HASH}#1",
        f"{HASH}@0xwallet",
        f"https://explorer.example.org/tx/0x{HASH}",
        f"https://explorer.example.org/tx/{HASH}/",
        base64.b64encode(bytes.fromhex(HASH)).decode(),
        base64.urlsafe_b64encode(bytes.fromhex(HASH)).decode(),
    ],
)
def test_one_transaction_has_one_spelling(spelled: str) -> None:
    assert ids.txid(spelled) == HASH


@pytest.mark.parametrize("text", ["", " ", "-", "0", "None", "internal", "Off-chain transfer 123"])
def test_what_names_no_transaction_equals_nothing(text: str) -> None:
    assert ids.txid(text) == ""


def test_base58_keeps_its_case() -> None:
    assert ids.txid(SOLANA) == SOLANA
    assert ids.txid(SOLANA) != ids.txid(SOLANA.lower())


def test_hedera_is_written_in_two_ways() -> None:
    one, two = "0.0.12345@1700000000.000000123", "0.0.12345-1700000000-000000123"
    assert ids.txid(one) == ids.txid(two) == two


def test_moves_in_the_books_have_a_number() -> None:
    assert ids.in_books("Internal transfer 361544") == "361544"
    assert ids.in_books("Off-chain transfer 108213") == "108213"
    assert ids.in_books(HASH) == ""


def test_addresses_that_do_not_mind_their_case() -> None:
    evm = "0x52908400098527886E0F7030069857D2E4169EE7"
    assert ids.address(evm) == ids.address(evm.lower())
    bech32 = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    assert ids.address(bech32.upper()) == bech32
    assert ids.address("bitcoincash:qpm2qsznhks23z7629mms6s") == "qpm2qsznhks23z7629mms6s"
    assert ids.address("DsomeBase58Address") != ids.address("dsomebase58address")


@pytest.mark.parametrize(
    ("text", "asset", "known"),
    [
        ("USDT-TRC20", "USDT", "TRX"),
        ("ETH-Arbitrum One", "ETH", "ARB"),
        ("BNB Smart Chain (BEP20)", "USDT", ""),
        ("BEP20 (BSC)", "USDT", "BSC"),
        ("Ether (Hex)", "ETH", "ETH"),
        ("erc20", "USDC", "ETH"),
        ("SEGWITBTC", "BTC", ""),
        ("", "BTC", ""),
    ],
)
def test_networks_have_one_name_where_it_is_known(text: str, asset: str, known: str) -> None:
    assert ids.network(text, asset) == known


@given(st.text(max_size=120))
def test_spelling_twice_changes_nothing(text: str) -> None:
    assert ids.txid(ids.txid(text)) == ids.txid(text)
    assert ids.address(ids.address(text)) == ids.address(text)
