"""The targets that cannot be run: structure by their documented rules, and a file of every kind.

The files in ``golden`` are the formats' memory: a change of one must be meant, and be read there.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import registry, writing
from portfolio.exports.format import Check, ExportFormat
from tests.exports.builders import event
from tests.exports.every_kind import EVERY_KIND, matched, moved_to, tagged

GOLDEN = Path(__file__).parent / "golden"
_DASHED = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_SLASHED = r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d"


@dataclass(frozen=True)
class Rules:
    """What is documented of a target's file."""

    header: str
    date: str
    dates: str
    word: str  # the column of types or labels
    words: frozenset[str]
    is_per_connection: bool = True
    signed: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split(","))


RULES = {
    "koinly": Rules(
        "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,"
        "Net Worth Amount,Net Worth Currency,Label,Description,TxHash",
        "Date",
        rf"{_DASHED} UTC",
        "Label",
        _words(
            ",airdrop,fork,mining,reward,income,other income,lending interest,cashback,fee refund,"
            "salary,loan,margin loan,realized gain,gift,lost,donation,cost,tax,margin fee,loan fee,"
            "loan repayment,margin repayment,swap"
        ),
    ),
    "cointracking": Rules(
        '"Type","Buy Amount","Buy Currency","Sell Amount","Sell Currency","Fee","Fee Currency",'
        '"Exchange","Trade-Group","Comment","Date","Tx-ID"',
        "Date",
        _DASHED,
        "Type",
        _words(
            "Deposit,Income,Gift/Tip(In),Reward / Bonus,Mining,Airdrop,Staking,Interest Income,"
            "Derivatives / Futures Profit,Other Income,Withdrawal,Spend,Donation,Gift(Out),Stolen,"
            "Lost,Borrowing Fee,Margin Fee,Derivatives / Futures Loss,Other Fee,Trade"
        ),
        is_per_connection=False,
    ),
    "cointracker": Rules(
        "Date,Received Quantity,Received Currency,Sent Quantity,Sent Currency,Fee Amount,"
        "Fee Currency,Tag",
        "Date",
        _SLASHED,
        "Tag",
        _words(
            ",staking,stake,unstake,mining,airdrop,fork,payment,interest,other income,gift,"
            "donation,lost,margin,margin fee,margin gain,margin loss,margin rebate,rebate,wrap,"
            "borrow,loan repayment,interest expense"
        ),
    ),
    "coinledger": Rules(
        "Date (UTC),Platform (Optional),Asset Sent,Amount Sent,Asset Received,Amount Received,"
        "Fee Currency (Optional),Fee Amount (Optional),Type,Description (Optional),"
        "TxHash (Optional)",
        "Date (UTC)",
        _SLASHED,
        "Type",
        _words(
            "Trade,Deposit,Withdrawal,Income,Interest,Staking,Mining,Airdrop,Hard Fork,"
            "Gift Received,Gift Sent,Merchant Payment,Interest Payment,Investment Loss,Theft Loss,"
            "Network Fee"
        ),
        is_per_connection=False,
    ),
    "zenledger": Rules(
        "Timestamp,Type,IN Amount,IN Currency,Out Amount,Out Currency,Fee Amount,Fee Currency,"
        "Exchange(optional),US Based",
        "Timestamp",
        _DASHED,
        "Type",
        _words(
            "buy,sell,trade,receive,send,Initial Coin Offering,margin trade,staking,fork,airdrop,"
            "payment,mined,gift sent,fee,staking reward,dividend received,interest received,"
            "misc reward,margin gain,margin loss,lost,stolen,nft_mint"
        ),
        is_per_connection=False,
    ),
    "tokentax": Rules(
        "Type,BuyAmount,BuyCurrency,SellAmount,SellCurrency,FeeAmount,FeeCurrency,Exchange,Group,"
        "Comment,Date",
        "Date",
        _SLASHED,
        "Type",
        _words("Trade,Deposit,Withdrawal,Income,Spend,Lost,Stolen,Mining,Gift,Staking,Airdrop"),
        is_per_connection=False,
    ),
    "taxbit": Rules(
        "Date and Time,Transaction Type,Sent Quantity,Sent Currency,Sending Source,"
        "Received Quantity,Received Currency,Receiving Destination,Fee,Fee Currency,"
        "Exchange Transaction ID,Blockchain Transaction Hash",
        "Date and Time",
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        "Transaction Type",
        _words("Buy,Sale,Trade,Income,Expense,Transfer In,Transfer Out,Gift Sent,Gift Received"),
        is_per_connection=False,
    ),
    "blockpit": Rules(
        "Date (UTC),Integration Name,Label,Outgoing Asset,Outgoing Amount,Incoming Asset,"
        "Incoming Amount,Fee Asset (optional),Fee Amount (optional),Comment (optional),"
        "Trx. ID (optional)",
        "Date (UTC)",
        r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d",
        "Label",
        _words(
            "Trade,Deposit,Withdrawal,Unlabeled Deposit,Unlabeled Withdrawal,Non-Taxable In,"
            "Non-Taxable Out,Staking,Mining,Masternode,Airdrop,Bounty,Income,Lending,Interest,"
            "Hardfork,Cashback,Gift Received,Gift Sent,Lost,Payment,Fee,Derivative Profit,"
            "Derivative Loss,Derivative Fee"
        ),
        is_per_connection=False,
    ),
    "summ": Rules(
        "Timestamp (UTC),Type,Base Currency,Base Amount,Quote Currency (Optional),"
        "Quote Amount (Optional),Fee Currency (Optional),Fee Amount (Optional),From (Optional),"
        "To (Optional),Blockchain (Optional),ID (Optional),Description (Optional),"
        "Reference Price Per Unit (Optional),Reference Price Currency (Optional)",
        "Timestamp (UTC)",
        _DASHED,
        "Type",
        _words(
            "buy,sell,fiat-deposit,fiat-withdrawal,fee,receive,send,chain-split,expense,stolen,"
            "lost,income,interest,mining,airdrop,staking,rebate,cashback,personal-use,"
            "incoming-gift,outgoing-gift,realized-profit,realized-loss,margin-fee"
        ),
    ),
    "awaken": Rules(
        "Date,Received Quantity,Received Currency,Received Fiat Amount,Sent Quantity,"
        "Sent Currency,Sent Fiat Amount,Fee Amount,Fee Currency,Transaction Hash,Notes,Tag",
        "Date",
        _SLASHED,
        "Tag",
        _words(",swap,airdrop,add_liquidity,coin_buy,coin_sell,transfer"),
    ),
    "awaken-futures": Rules(
        "Date,Asset,Amount,Fee,P&L,Payment Token,ID,Notes,Tag,Transaction Hash",
        "Date",
        _SLASHED,
        "Tag",
        _words("open_position,close_position,funding_payment"),
        signed=frozenset({"P&L"}),
    ),
    "divly": Rules(
        "date,time (UTC),transaction_type,label,sent_amount,sent_currency,received_amount,"
        "received_currency,fee_amount,fee_currency,custom_description,tx_hash",
        "date",
        r"\d{4}-\d\d-\d\d",
        "label",
        _words(",Airdrop,Staking Reward,Income,Other Expense,Liquidity In,Liquidity Out"),
    ),
    "recap": Rules(
        "Type,Date,InOrBuyAmount,InOrBuyCurrency,OutOrSellAmount,OutOrSellCurrency,FeeAmount,"
        "FeeCurrency",
        "Date",
        _DASHED,
        "Type",
        _words(
            "Airdrop,Deposit,Withdrawal,Trade,Income,Mining,Gift,Spouse,Gambling,Purchase,Stake,"
            "Unstake,StakingReward,Donation,Fork,MarginGain,MarginLoss,LendingFee,Fee,FeeRebate,"
            "LoanPrincipal,LoanPrincipalPayment,LoanCollateral,LoanCollateralUnlocked,LoanInterest"
        ),
    ),
    "turbotax": Rules(
        "Date,Type,Sent Asset,Sent Amount,Received Asset,Received Amount,Fee Asset,Fee Amount,"
        "Market Value Currency,Market Value,Description,Transaction Hash,Transaction ID",
        "Date",
        _DASHED,
        "Type",
        _words(
            "Buy,Sale,Convert,Transfer,Income,Rewards,Expense,Deposit,Withdrawal,Mining,Airdrop,"
            "Forking,Staking,Interest,Other"
        ),
    ),
}
each = pytest.mark.parametrize("ident", sorted(RULES))
_NUMBERS = re.compile(
    r"amount|quantity|^fee$|price per|^p&l$|^market value$|^amount (sent|received)$", re.IGNORECASE
)
_TEXTS = re.compile(
    r"note|desc|comment|exchange(?! trans)|integration|^from|^to |source|destin|platform",
    re.IGNORECASE,
)


def text(ident: str, transactions: list[ExportTransaction], currency: str = "EUR") -> str:
    known = registry.by_id(ident)
    context = ExportContext(currency, known.symbols)
    return b"".join(writing.single(known, transactions, context)).decode()


def rows(
    ident: str, transactions: list[ExportTransaction], currency: str = "EUR"
) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(ident, transactions, currency))))


@each
def test_every_kind_is_written_as_before(ident: str) -> None:
    assert text(ident, EVERY_KIND).encode() == (GOLDEN / f"{ident}.csv").read_bytes()


@each
def test_the_header_is_the_targets_own(ident: str) -> None:
    assert text(ident, []) == RULES[ident].header + "\r\n"


@each
def test_it_says_that_it_was_not_run(ident: str) -> None:
    known = registry.by_id(ident)
    assert known.check is Check.STRUCTURE
    assert known.is_per_connection == RULES[ident].is_per_connection


@each
def test_dates_and_words_are_the_targets(ident: str) -> None:
    rules = RULES[ident]
    for row in rows(ident, EVERY_KIND):
        assert re.fullmatch(rules.dates, row[rules.date])
        assert row[rules.word] in rules.words


@each
def test_numbers_are_plain_and_above_zero(ident: str) -> None:
    """No exponent, no separators, no sign, and nothing in place of zero."""
    signed = RULES[ident].signed
    names = [name for name in rows(ident, EVERY_KIND)[0] if _NUMBERS.search(name)]
    assert names
    for row in rows(ident, EVERY_KIND):
        for name in names:
            number = row[name].removeprefix("-") if name in signed else row[name]
            assert re.fullmatch(r"|\d+(\.\d*[1-9])?", number), (name, number)
            assert not number or Decimal(number) > 0


@each
def test_no_text_is_a_formula(ident: str) -> None:
    evil = [
        moved_to(transaction, "=1+1") if number % 2 else transaction
        for number, transaction in enumerate(EVERY_KIND)
    ]
    for row in rows(ident, evil):
        for name, cell in row.items():
            assert not _TEXTS.search(name) or not cell.startswith(("=", "+", "-", "@"))


@each
def test_times_are_utc_whatever_they_were_told_in(ident: str) -> None:
    at = datetime.fromisoformat("2024-06-30T23:30:00-05:00")
    kind = "realised_pnl" if ident == "awaken-futures" else "deposit"
    late = replace(event("2024-05-02", kind, "1 BTC"), occurred_at=at)
    (row,) = rows(ident, [late])
    assert re.search(r"2024.07.01|07/01/2024|01\.07\.2024", row[RULES[ident].date])
    assert "04:30:00" in "".join(row.values())


# --- Fees, transfers, values --------------------------------------------------------------------


def test_cointracking_has_fees_inside_the_amounts() -> None:
    found = {row["Comment"].split()[1]: row for row in rows("cointracking", EVERY_KIND)}
    bought = rows("cointracking", [event("2024-05-02", "trade", "1 BTC", "-500 USD", "-5 USD fee")])
    assert [(r["Buy Amount"], r["Sell Amount"], r["Fee"]) for r in bought] == [("1", "505", "5")]
    paid = rows("cointracking", [event("2024-05-02", "trade", "1 BTC", "-5 USD", "-0.01 BTC fee")])
    assert [(r["Buy Amount"], r["Sell Amount"], r["Fee"]) for r in paid] == [("0.99", "5", "0.01")]
    third = rows("cointracking", [event("2024-05-02", "trade", "1 BTC", "-5 USD", "-1 BNB fee")])
    assert [(r["Type"], r["Sell Amount"], r["Fee"]) for r in third] == [
        ("Trade", "5", ""),
        ("Other Fee", "1", ""),
    ]
    assert found["W1"]["Sell Amount"] == "0.5005"


def test_cointrackings_rows_have_an_identity_each() -> None:
    found = [row["Tx-ID"] for row in rows("cointracking", EVERY_KIND)]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("ident", ["blockpit", "recap"])
def test_deposits_are_written_as_they_arrived(ident: str) -> None:
    deposit = event("2024-05-02", "deposit", "1 BTC", "-0.01 BTC fee", "-0.5 BNB fee")
    first, fee = rows(ident, [deposit])
    assert "0.99" in first.values()
    assert "0.01" not in first.values()
    assert ("0.5" in fee.values(), "Fee" in fee.values()) == (True, True)


@pytest.mark.parametrize(
    ("ident", "sent", "fee", "received", "shared"),
    [
        ("koinly", "Sent Amount", "Fee Amount", "Received Amount", "TxHash"),
        ("coinledger", "Amount Sent", "Fee Amount (Optional)", "Amount Received",
         "TxHash (Optional)"),
        ("taxbit", "Sent Quantity", "Fee", "Received Quantity", "Blockchain Transaction Hash"),
        ("blockpit", "Outgoing Amount", "Fee Amount (optional)", "Incoming Amount",
         "Trx. ID (optional)"),
        ("awaken", "Sent Quantity", "Fee Amount", "Received Quantity", "Transaction Hash"),
        ("turbotax", "Sent Amount", "Fee Amount", "Received Amount", "Transaction Hash"),
        ("divly", "sent_amount", "fee_amount", "received_amount", "tx_hash"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ids", [("", ""), ("0xcc", ""), ("", "0xCC"), ("0xcc", "CC")])
def test_both_halves_of_a_transfer_agree(
    ident: str, sent: str, fee: str, received: str, shared: str, ids: tuple[str, str]
) -> None:
    """What was lost on the way is a fee, whether the exchange told it or not."""
    halves = matched(
        event("2024-07-02 08:00", "withdrawal", "-0.5005 BTC", "-0.001 BTC fee", txid=ids[0]),
        moved_to(event("2024-07-02 08:20", "deposit", "0.5 BTC", txid=ids[1]), "kraken"),
        8,
    )
    out, into = rows(ident, list(halves))
    assert (out[sent], out[fee], into[received], into[fee]) == ("0.5", "0.0015", "0.5", "")
    assert out[shared] == into[shared] != ""


def test_summ_names_both_ends_of_a_transfer() -> None:
    out, into = (row for row in rows("summ", EVERY_KIND) if "X1" in row["Description (Optional)"]
                 or "X2" in row["Description (Optional)"])  # fmt: skip
    assert (out["From (Optional)"], out["To (Optional)"]) == ("Main", "Kraken")
    assert (into["From (Optional)"], into["To (Optional)"]) == ("Main", "Kraken")
    assert (out["Type"], into["Type"]) == ("send", "receive")


def test_summ_buys_what_was_received_and_sells_for_money() -> None:
    found = {row["Description (Optional)"].split()[-1]: row for row in rows("summ", EVERY_KIND)}
    assert [found["T1"][name] for name in ("Type", "Base Currency", "Base Amount")] == [
        "buy", "ETH", "1",
    ]  # fmt: skip
    assert [found["T5"][name] for name in ("Type", "Base Currency", "Base Amount")] == [
        "sell", "ETH", "1",
    ]  # fmt: skip
    assert found["T5"]["Reference Price Per Unit (Optional)"] == "4500"


def test_koinly_is_told_what_it_was_worth() -> None:
    found = {row["Description"].split()[-1]: row for row in rows("koinly", EVERY_KIND)}
    assert [found[key]["Net Worth Amount"] for key in ("T0", "T1", "R3", "A1")] == [
        "5000", "3000", "75", "",
    ]  # fmt: skip
    assert [found[key]["Net Worth Currency"] for key in ("T0", "A1")] == ["EUR", ""]


def test_awaken_is_told_worths_in_dollars_only() -> None:
    assert any(row["Received Fiat Amount"] for row in rows("awaken", EVERY_KIND, "USD"))
    assert not any(row["Received Fiat Amount"] for row in rows("awaken", EVERY_KIND, "EUR"))


def test_turbotaxs_market_value_is_with_the_fee_of_a_purchase_and_without_that_of_a_sale() -> None:
    found = {row["Description"].split()[-1]: row for row in rows("turbotax", EVERY_KIND)}
    assert (found["T0"]["Type"], found["T0"]["Market Value"]) == ("Buy", "5002.99")
    assert (found["T5"]["Type"], found["T5"]["Market Value"]) == ("Sale", "4498.5")


@pytest.mark.parametrize("ident", ["awaken", "turbotax"])
def test_finer_amounts_are_rounded_and_named(ident: str) -> None:
    fine = event("2024-05-02", "deposit", "1.000000004 BTC")
    nothing = event("2024-05-02", "deposit", "0.000000004 BTC")
    known, context = registry.by_id(ident), ExportContext("EUR")
    assert "places" in known.shortfalls(fine, context)
    assert "places" in known.shortfalls(nothing, context)
    assert "places" not in known.shortfalls(event("2024-05-02", "deposit", "1 BTC"), context)
    (row,) = rows(ident, [fine, nothing])
    assert "1" in row.values()


def test_a_result_that_rounds_to_nothing_leaves_its_fee() -> None:
    tiny = event("2024-05-02", "funding", "0.000000000000000001 BTC", "-0.1 BTC fee")
    (row,) = rows("awaken-futures", [tiny])
    assert (row["P&L"], row["Fee"], row["Payment Token"]) == ("-0.1", "", "BTC")


def test_awakens_two_files_hold_every_row_once() -> None:
    standard, futures = rows("awaken", EVERY_KIND), rows("awaken-futures", EVERY_KIND)
    assert {row["Notes"].split()[0] for row in futures} == {
        "realised_pnl", "funding", "liquidation",
    }  # fmt: skip
    gains = [row for row in futures if "P1" in row["Notes"]]
    assert [(r["Asset"], r["Amount"], r["Fee"], r["P&L"]) for r in gains] == [
        ("BTC", "0.25", "0.5", "150")
    ]
    # A fee in another asset finds no place beside a result.
    assert [row["Sent Currency"] for row in standard if "P2" in row["Notes"]] == ["USDT"]


def test_recap_leaves_out_what_was_stolen_and_says_so() -> None:
    stolen = tagged(event("2024-05-02", "withdrawal", "-1 BTC"), "stolen")
    assert rows("recap", [stolen]) == []
    known = registry.by_id("recap")
    assert "elsewhere" in known.shortfalls(stolen, ExportContext("EUR"))


def test_recap_warns_of_a_part_of_the_history() -> None:
    known, one = registry.by_id("recap"), event("2024-05-02", "deposit", "1 BTC")
    assert "part_of_history" not in known.shortfalls(one, ExportContext("EUR"))
    part = ExportContext("EUR", before=one.occurred_at)
    assert "part_of_history" in known.shortfalls(one, part)


# --- What is lacking ----------------------------------------------------------------------------


@each
def test_all_that_is_lacking_is_named_before(ident: str) -> None:
    known, context = registry.by_id(ident), ExportContext("EUR")
    codes = {code for one in EVERY_KIND for code in known.shortfalls(one, context)}
    assert codes <= set(known.lacks)
    assert all(len(sentence) > 20 for sentence in known.lacks.values())
    # Of every history of all kinds there is something to say: what nobody classified, what was
    # split, what was left out.
    assert {"own_move", "nothing", "parts"} <= codes
    assert "unclear" in codes or "elsewhere" in codes


def test_only_what_can_be_lacking_is_listed() -> None:
    """A finer word than the target has is told by the wider one, and is no shortfall."""
    koinly = registry.by_id("koinly")
    assert not {"income", "lost", "rebate", "fee", "contracts", "given"} & set(koinly.lacks)
    assert {"gift_in", "unclear", "taken_back"} <= set(koinly.lacks)
    assert {"income", "lost", "fee", "contracts", "places"} <= set(registry.by_id("awaken").lacks)


def test_a_tag_is_told_where_the_target_knows_it_and_named_where_not() -> None:
    gift = tagged(event("2024-05-02", "withdrawal", "-1 BTC"), "gift")
    context = ExportContext("EUR")
    assert rows("koinly", [gift])[0]["Label"] == "gift"
    assert "given" not in registry.by_id("koinly").shortfalls(gift, context)
    assert rows("divly", [gift])[0]["label"] == ""
    assert "given" in registry.by_id("divly").shortfalls(gift, context)


def _half_alone() -> tuple[ExportTransaction, ExportTransaction]:
    """Half of an own transfer: with its other half in the export, and without it."""
    out, _ = matched(
        event("2024-07-02 08:00", "withdrawal", "-0.5 BTC"),
        moved_to(event("2024-07-02 08:20", "deposit", "0.5 BTC"), "kraken"),
        8,
    )
    assert out.counterpart is not None
    return out, replace(out, counterpart=replace(out.counterpart, is_outside=True))


@pytest.mark.parametrize("known", registry.formats(), ids=lambda known: known.id)
def test_half_a_transfer_without_the_other_is_named(known: ExportFormat) -> None:
    whole, alone = _half_alone()
    context = ExportContext("EUR")
    if known.of_account or known.needs_history:
        return
    assert "other_half" in known.lacks
    assert "other_half" in known.shortfalls(alone, context)
    assert "other_half" not in known.shortfalls(whole, context)


@pytest.mark.parametrize("format_id", ["koinly", "bittytax", "rotki", "hledger", "beancount"])
def test_half_a_transfer_without_the_other_says_so_in_the_file(format_id: str) -> None:
    known = registry.by_id(format_id)
    context = ExportContext("EUR")
    texts = [
        b"".join((known.shown or known.write)([transaction], context)).decode()
        for transaction in _half_alone()
    ]
    assert ["whose other half is not in this file" in text for text in texts] == [False, True]


@pytest.mark.parametrize("format_id", ["koinly", "rotki"])
def test_half_a_move_between_wallets_is_written_where_the_other_wallet_is_not(
    format_id: str,
) -> None:
    known, context = registry.by_id(format_id), ExportContext("EUR")
    whole, alone = (
        replace(half, account="one", counterpart=replace(half.counterpart, account="one"))
        for half in _half_alone()
        if half.counterpart is not None
    )
    assert "own_move" in known.shortfalls(whole, context)
    assert "own_move" not in known.shortfalls(alone, context)
    text = b"".join((known.shown or known.write)([alone], context)).decode()
    assert "whose other half is not in this file" in text


def test_half_a_transfer_without_the_other_is_a_withdrawal() -> None:
    whole, alone = _half_alone()
    types = [rows("turbotax", [half])[0]["Type"] for half in (whole, alone)]
    assert types == ["Transfer", "Withdrawal"]


def test_a_transfer_that_grew_is_named() -> None:
    halves = matched(
        event("2024-07-02 08:00", "withdrawal", "-0.5 BTC"),
        moved_to(event("2024-07-02 08:20", "deposit", "0.6 BTC"), "kraken"),
        8,
    )
    known = registry.by_id("koinly")
    assert all("uneven" in known.shortfalls(half, ExportContext("EUR")) for half in halves)
    out, into = rows("koinly", list(halves))
    assert (out["Sent Amount"], into["Received Amount"]) == ("0.5", "0.6")
