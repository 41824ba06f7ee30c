"""The coins that really travel between the demo accounts: all found, and nothing else."""

from __future__ import annotations

from accounts.models import User
from portfolio.models import Transaction, TransferLink
from portfolio.selectors.transfer_legs import open_legs
from portfolio.services import transfer_matching
from sandbox.generate import world as generated
from sandbox.options import Options
from tests.live.conftest import Connect
from tests.live.test_sync import finish


def _travels() -> set[str]:
    """Transaction ids that left one main account for the other, by the sandbox's own records."""
    world = generated.build(Options().anchor_ms)
    binance, kraken = world.binance["main"].account, world.kraken["main"].account
    out = {row["txId"] for row in binance.withdrawals} & {row["txid"] for row in kraken.deposits}
    back = {row["txid"] for row in kraken.withdrawals} & {row["txId"] for row in binance.deposits}
    return (out | back) - {"", None}


def _txid(row: Transaction) -> str:
    return str(row.detail["txid"])


def test_every_travel_between_the_main_accounts_is_found_and_nothing_else(
    connect: Connect, owner: User
) -> None:
    for exchange in ("binance", "kraken", "krakenfutures"):
        finish(connect(exchange))
    transfer_matching.match(owner.pk)
    travels = _travels()
    assert len(travels) == len(generated.TO_KRAKEN) + len(generated.TO_BINANCE)
    links = TransferLink.objects.select_related("outgoing__connection", "incoming__connection")
    accepted = list(links.filter(status=TransferLink.Status.ACCEPTED))
    between = [
        link for link in accepted if link.outgoing.connection_id != link.incoming.connection_id
    ]
    chain = [link for link in between if "txid" in link.outgoing.detail]
    assert {_txid(link.outgoing) for link in chain} == travels
    assert all(_txid(link.outgoing) == _txid(link.incoming) for link in chain)
    books = [link for link in between if link not in chain]
    moves = [move for move in generated.TO_FUTURES if move[0] == "main"]
    assert len(books) == len(moves)
    assert all(
        link.outgoing.detail["reference"] == link.incoming.detail["reference"] for link in books
    )
    assert not TransferLink.objects.filter(status=TransferLink.Status.PROPOSED).exists()
    before = sorted(TransferLink.objects.values_list("pk", "status"))
    transfer_matching.match(owner.pk)
    assert sorted(TransferLink.objects.values_list("pk", "status")) == before
    assert not {leg.txid for leg in open_legs(owner.pk).incoming} & travels
