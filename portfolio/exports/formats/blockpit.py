"""Blockpit's template: outgoing amounts without the fee, incoming ones as they arrived.

Its scheme for contracts: results are derivative profits and losses, fees and funding paid are
derivative fees, funding received is a derivative profit. Money from a bank is not taxable.
"""

from __future__ import annotations

from dataclasses import replace

from portfolio.exports import columns as c
from portfolio.exports.format import gettext_noop
from portfolio.exports.hosted import hosted
from portfolio.exports.meanings import Meaning as M
from portfolio.exports.meanings import Words
from portfolio.exports.two_sided import Fees
from portfolio.exports.workbooks import CONTENT_TYPE, xlsx_table

WORDS = Words(
    came={
        M.BANK: "Non-Taxable In",
        M.REWARD: "Income",
        M.STAKING: "Staking",
        M.INTEREST: "Interest",
        M.AIRDROP: "Airdrop",
        M.FORK: "Hardfork",
        M.MINING: "Mining",
        M.CASHBACK: "Cashback",
        M.INCOME: "Income",
        M.GIFT: "Gift Received",
        M.FEE: "Cashback",
        M.FUNDING: "Derivative Profit",
        M.REALISED_PNL: "Derivative Profit",
        M.LIQUIDATION: "Derivative Profit",
    },
    went={
        M.BANK: "Non-Taxable Out",
        M.FEE: "Fee",
        M.MARGIN_FEE: "Derivative Fee",
        M.FUNDING: "Derivative Fee",
        M.REALISED_PNL: "Derivative Loss",
        M.LIQUIDATION: "Derivative Loss",
        M.INTEREST: "Fee",
        M.GIFT: "Gift Sent",
        M.LOST: "Lost",
        M.PAYMENT: "Payment",
    },
    other_came="Deposit",
    other_went="Withdrawal",
    other_both="Trade",
)
LAYOUT = c.Layout(
    {
        "Date (UTC)": c.dated("%d.%m.%Y %H:%M:%S"),
        "Integration Name": c.account,
        "Label": c.word(WORDS),
        "Outgoing Asset": c.sent_asset,
        "Outgoing Amount": c.sent_amount,
        "Incoming Asset": c.received_asset,
        "Incoming Amount": c.received_amount,
        "Fee Asset (optional)": c.fee_asset,
        "Fee Amount (optional)": c.fee_amount,
        "Comment (optional)": c.note,
        "Trx. ID (optional)": c.chain_id,
    },
    Fees.DEPOSITS_NET,
)
_AMOUNTS = ("Outgoing Amount", "Incoming Amount", "Fee Amount (optional)")
AS_TEXT = hosted(
    "blockpit",
    gettext_noop("Blockpit"),
    gettext_noop(
        "Blockpit's template as CSV, all connections in one file. Fees that were taken off a "
        "deposit are not shown: it is written as what arrived. Money from and to a bank is "
        "labelled as not taxable."
    ),
    LAYOUT,
    WORDS,
    own={
        "interest_paid": gettext_noop("Interest paid is labelled as a fee."),
        "rebate": gettext_noop("Fees given back are labelled as cashback."),
        "contracts": gettext_noop(
            "Results of contracts and liquidations are derivative profits and losses; funding is a "
            "derivative fee when paid and a derivative profit when received. Accounts with the "
            "older labels (Margin Profit and so on) have to change them."
        ),
    },
)
FORMATS = (
    AS_TEXT,
    replace(
        AS_TEXT,
        id="blockpit-xlsx",
        title=gettext_noop("Blockpit, Excel"),
        description=gettext_noop(
            "The same as a workbook, the form in which Blockpit offers its template. A number of "
            "more digits than a spreadsheet keeps is written as text."
        ),
        write=xlsx_table(LAYOUT.header, c.rows(LAYOUT), numbers=_AMOUNTS),
        content_type=CONTENT_TYPE,
        extension="xlsx",
        shown=AS_TEXT.write,
    ),
)
