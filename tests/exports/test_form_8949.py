"""Form 8949, its TurboTax table and TXF: worked out by hand, and held against the engine."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from portfolio.engine.export import ExportContext, ExportTransaction, TaxChoices
from portfolio.engine.money import total
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.from_ledger import Assumed, Translation, events
from portfolio.engine.tax.history import History
from portfolio.engine.tax.place import by_id
from portfolio.engine.tax.settings import Oversell
from portfolio.engine.tax.yearly import year_of
from portfolio.exports import canonical, registry, writing
from portfolio.exports.form_8949 import CODES, LACKS, lines, shortfalls
from tests.exports.builders import event
from tests.exports.every_kind import matched, moved_to

D = Decimal
FORM, GAINS, TXF = (registry.by_id(name) for name in ("form-8949", "turbotax-gains", "txf"))
US = by_id("us")
PRICES = {"USD": "1", "EUR": "1.1", "BTC": "40000", "ETH": "2000", "SOL": "100"}


def of_year(year: int, **more: object) -> ExportContext:
    made = ExportContext(
        currency="USD",
        since=datetime(year, 1, 1, tzinfo=UTC),
        before=datetime(year + 1, 1, 1, tzinfo=UTC),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def worth(told: ExportTransaction, **prices: str) -> ExportTransaction:
    """With the value of each amount; in cases by the prices of all."""
    known = {asset: D(price) for asset, price in (PRICES | prices).items()}
    legs = [
        replace(leg, value=leg.amount.copy_abs() * known[leg.asset]) if leg.asset in known else leg
        for leg in told.legs
    ]
    return replace(told, legs=tuple(legs))


def file(known: object, told: list[ExportTransaction], context: ExportContext) -> str:
    return b"".join(writing.single(known, told, context)).decode()  # type: ignore[arg-type]


def life() -> list[ExportTransaction]:
    """Bought, moved, staked and sold over two years; every figure can be worked out by hand."""
    there, back = matched(
        worth(event("2024-06-01 12:00", "withdrawal", "-0.5 BTC", "-0.001 BTC fee"), BTC="60000"),
        worth(moved_to(event("2024-06-01 12:30", "deposit", "0.5 BTC"), "kraken"), BTC="60000"),
        1,
    )
    return [
        worth(event("2023-01-10 09:00", "trade", "1 BTC", "-20000 USD", "-10 USD fee")),
        there,
        back,
        worth(event("2024-07-01 00:00", "reward", "2 SOL"), SOL="150"),
        worth(event("2025-03-01 15:00", "trade", "-0.25 BTC", "5 ETH"), BTC="80000", ETH="4000"),
        worth(
            moved_to(
                event("2025-03-02 15:00", "trade", "-0.5 BTC", "40000 USD", "-30 USD fee"), "kraken"
            )
        ),
        worth(event("2025-05-01 10:00", "trade", "-5 ETH", "15000 USD")),
        worth(event("2025-06-01 10:00", "trade", "-2 SOL", "200 USD")),
        worth(event("2025-07-01 10:00", "realised_pnl", "120 USD")),
        worth(event("2025-08-01 10:00", "gift", "-0.01 BTC")),
        worth(event("2026-02-01 10:00", "trade", "-0.1 BTC", "9000 USD")),
    ]


def test_a_year_is_as_worked_out_by_hand() -> None:
    assert file(FORM, life(), of_year(2025)).splitlines() == [
        "Description,Date Acquired,Date Sold,Sales Proceeds,Cost or Other Basis,Adjustment Code,"
        "Adjustment Amount,Gain or Loss,Reporting Category,Long/Short,Account",
        # 5 ETH for 0.25 BTC at 4,000 dollars each, sold within the year.
        "5 ETH,03/01/2025,05/01/2025,15000.00,20000.00,,,-5000.00,I,Short,Main",
        "2 SOL,07/01/2024,06/01/2025,200.00,300.00,,,-100.00,I,Short,Main",
        # A quarter of 20,010 dollars, then the half that was moved with its lot.
        "0.25 BTC,01/10/2023,03/01/2025,20000.00,5002.50,,,14997.50,L,Long,Main",
        "0.5 BTC,01/10/2023,03/02/2025,39970.00,10005.00,,,29965.00,L,Long,Kraken",
    ]


def test_before_2025_boxes_are_those_of_other_assets_and_fees_in_coins_are_sales() -> None:
    rows = list(csv.reader(io.StringIO(file(FORM, life(), of_year(2024)))))[1:]
    # The network's fee: 0.001 BTC at 60,000, bought for 20.01.
    assert [row[:5] + row[7:10] for row in rows] == [
        ["0.001 BTC", "01/10/2023", "06/01/2024", "60.00", "20.01", "39.99", "F", "Long"]
    ]


def test_without_a_range_all_years_are_there() -> None:
    rows = file(FORM, life(), ExportContext(currency="USD")).splitlines()[1:]
    assert [row.split(",")[2][-4:] for row in rows] == ["2024", *["2025"] * 4, "2026"]


def test_turbotax_has_five_columns_and_no_signs() -> None:
    rows = list(csv.reader(io.StringIO(file(GAINS, life(), of_year(2025)))))
    assert rows[0] == ["Currency Name", "Purchase Date", "Cost Basis", "Date Sold", "Proceeds"]
    assert rows[1] == ["ETH", "03/01/2025", "20000.00", "05/01/2025", "15000.00"]
    assert all("-" not in cell for row in rows[1:] for cell in row)


def test_txf_has_the_basis_before_the_proceeds() -> None:
    records = file(TXF, life(), of_year(2025)).split("^\r\n")
    assert records[0].split("\r\n")[0] == "V042"
    assert records[0].split("\r\n")[2] == "D12/31/2025"
    assert records[3].split("\r\n") == [
        *("TD", "N714", "C1", "L1", "P0.25 BTC", "D01/10/2023", "D03/01/2025"),
        *("$5002.50", "$20000.00", "$", ""),
    ]
    assert [record.split("\r\n")[1] for record in records[1:-1]] == ["N712", "N712", "N714", "N714"]
    assert records[-1] == ""


def test_coins_of_unknown_origin_cost_nothing_and_are_named() -> None:
    told = [
        worth(event("2025-01-05 10:00", "deposit", "1 ETH")),
        worth(event("2025-02-05 10:00", "trade", "-3 ETH", "6000 USD")),
    ]
    rows = list(csv.reader(io.StringIO(file(FORM, told, of_year(2025)))))[1:]
    assert sum(D(row[4]) for row in rows) == 0
    assert sum(D(row[3]) for row in rows) == 6000
    assert {row[9] for row in rows} == {"Short"}
    assert list(shortfalls(told[0], of_year(2025))) == ["unknown_origin"]


def test_what_is_not_on_the_form_is_named() -> None:
    context, told = of_year(2025), life()
    found = {
        t.kind.value: sorted(shortfalls(t, context)) for t in told if t.occurred_at.year > 2024
    }
    assert found["realised_pnl"] == ["contracts"]
    assert found["trade"] == ["reported"]
    assert list(shortfalls(told[3], replace(context, since=None))) == ["income"]
    unpriced = event("2025-03-01 10:00", "reward", "5 XYZ")
    assert sorted(shortfalls(unpriced, context)) == ["income", "no_cost"]
    assert sorted(TXF.shortfalls(told[4], context)) == ["boxes", "reported"]
    assert {code for t in told for code in FORM.shortfalls(t, context)} <= LACKS.keys()


def test_whatever_is_assumed_has_its_word() -> None:
    assert set(CODES) == set(Assumed)
    assert set(CODES.values()) <= LACKS.keys()
    sold = worth(event("2025-03-01 00:00", "trade", "-1 BTC", key="S1"), BTC="100")
    assert "one_sided" in shortfalls(sold, of_year(2025))


def test_the_choices_of_the_person_are_taken() -> None:
    told = [
        worth(event("2025-01-01 10:00", "trade", "1 ETH", "-1000 USD")),
        worth(event("2025-01-02 10:00", "trade", "1 ETH", "-3000 USD")),
        worth(event("2025-02-05 10:00", "trade", "-1 ETH", "2000 USD")),
    ]
    settings = replace(US.settings_for("hifo"), oversell=Oversell.ZERO_COST)
    dearest = of_year(2025, tax=TaxChoices(settings))
    assert [line.cost for line in lines(told, dearest)] == [D(3000)]
    chosen = replace(US.settings_for("specific"), oversell=Oversell.ZERO_COST)
    picks = {str(told[2].id): [(told[1].id, "0.5"), (told[0].id, "0.5")]}
    specific = of_year(2025, tax=TaxChoices(chosen, picks=picks))
    assert sorted(line.cost for line in lines(told, specific)) == [D(500), D(1500)]
    assert canonical.of_context(dearest) != canonical.of_context(specific)


def test_days_are_those_of_the_person() -> None:
    told = [
        worth(event("2025-01-01 10:00", "trade", "1 ETH", "-1000 USD")),
        worth(event("2026-01-01 03:00", "trade", "-1 ETH", "2000 USD")),
    ]
    settings = US.settings_for("fifo", time_zone="America/New_York")
    zone = ZoneInfo("America/New_York")
    context = ExportContext(
        currency="USD",
        since=datetime(2025, 1, 1, tzinfo=zone),
        before=datetime(2026, 1, 1, tzinfo=zone),
        tax=TaxChoices(settings),
    )
    (line,) = lines(told, context)
    assert (line.sold.isoformat(), line.is_long, line.box) == ("2025-12-31", False, "I")


def history(seed: int) -> list[ExportTransaction]:
    """Purchases, sales and trades of two accounts over four years, with prices that wander."""
    draw, told = random.Random(seed), []
    at = datetime(2022, 1, 1, tzinfo=UTC)
    for _ in range(120):
        at += timedelta(hours=draw.randrange(1, 500))
        prices = {asset: str(draw.randrange(10, 90000)) for asset in ("BTC", "ETH", "SOL")}
        one, other = draw.sample(["BTC", "ETH", "SOL", "USD"], 2)
        amounts = [D(draw.randrange(1, 10**9)).scaleb(-8) for _ in range(2)]
        trade = event(
            f"{at:%Y-%m-%d %H:%M}", "trade", f"{amounts[0]} {one}", f"-{amounts[1]} {other}"
        )
        told.append(moved_to(worth(trade, **prices), draw.choice(["kraken", "main"])))
    return told


@pytest.mark.parametrize("seed", range(4))
def test_the_sums_are_those_of_the_engine(seed: int) -> None:
    """To half a cent a line: that is what the form rounds."""
    told = history(seed)
    settings = replace(US.settings_for("fifo"), oversell=Oversell.ZERO_COST)
    made = Translation()
    ledger = History(events(told, "USD", made, at_no_cost=US.at_no_cost), "USD")
    for year in (2023, 2024, 2025):
        expected = year_of(US, settings, ledger, made.contracts, year).disposals
        found = list(lines(told, of_year(year)))
        assert len(found) == len(expected) > 0
        most = D("0.005") * len(found)
        off = total(x.proceeds or D(0) for x in found) - sums.proceeds(expected)
        assert abs(off) <= most
        off = total(x.cost for x in found) - total(x.cost_basis for x in expected)
        assert abs(off) <= most
        assert all(x.proceeds is not None and x.gain == x.proceeds - x.cost for x in found)
        assert sorted((x.asset, x.amount) for x in found) == sorted(
            (x.asset, x.amount) for x in expected
        )
        boxes = {"I", "L"} if year == 2025 else {"C", "F"}
        assert {x.box for x in found} <= boxes
