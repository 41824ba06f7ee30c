"""What is to be known of one exchange, as data: the flow is the same for all of them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from portfolio.engine.moments import Width
from portfolio.engine.types import Event, RecordKind, ReportedBalance, ReportedPosition
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.paging import Strategy
from portfolio.exchanges.types import PermissionAudit, StreamSpec


@dataclass(frozen=True, slots=True)
class Allowance:
    """One request budget of an exchange, in the exchange's own terms.

    ``period`` set: ``capacity`` units in each fixed window of that many seconds.
    ``refill`` set: a counter up to ``capacity`` that falls by ``refill`` units a second.
    ``reserve`` is the share left to whatever else speaks to the exchange from here.
    """

    name: str
    capacity: int
    period: int = 0
    refill: Decimal = Decimal(0)
    per_account: bool = False  # else per address, shared by all keys on this server
    used_header: str = ""  # answer header that tells how much of the window is used
    reserve: Decimal = Decimal("0.25")
    left_header: str = ""  # answer header that tells how much of the window is left

    @classmethod
    def whole(
        cls, name: str, capacity: int, a_second: str, *, per_account: bool = True
    ) -> Allowance:
        """Return a counter that falls by ``a_second`` units a second, of which nothing is left."""
        refill = Decimal(a_second)
        return cls(name, capacity, refill=refill, per_account=per_account, reserve=Decimal(0))


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint on the read list and what asking it costs, by allowance name."""

    api: str  # ccxt's section; nested ones joined by dots
    method: str
    path: str
    costs: Mapping[str, int] = field(default_factory=dict)
    path_prefix: str = ""  # what stands before ``path`` in the URL, for people
    fixed: Mapping[str, str] = field(default_factory=dict)  # where one path serves many questions
    address_parameter: str = ""  # of an account that is known by its address

    @property
    def endpoint(self) -> str:
        """The endpoint as the exchange's documentation writes it."""
        return " ".join((f"{self.method} {self.path_prefix}/{self.path}", *self.fixed.values()))


@dataclass(frozen=True, slots=True)
class BalanceRule:
    """One balance request and how its answer reads."""

    call: Call
    params: Mapping[str, Any]
    read: Callable[[str], list[ReportedBalance]]
    absent_codes: frozenset[str] = frozenset()  # such a wallet is not there, or not to be seen


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is asked for whole; ``following`` tells of a page how to ask for the next.

    ``turn`` does the same where an answer does not name its page: it is given what was asked.
    """

    call: Call
    params: Mapping[str, Any] = field(default_factory=dict)
    following: Callable[[str], Mapping[str, Any] | None] = lambda text: None
    turn: Callable[[Mapping[str, Any], str], Mapping[str, Any] | None] | None = None
    absent_codes: frozenset[str] = frozenset()  # such an account is not there, or not to be seen


@dataclass(frozen=True, slots=True)
class PositionRule:
    """One list of open positions and how each of its pages reads."""

    listing: Listing
    read: Callable[[str], list[ReportedPosition]]
    absent_codes: frozenset[str] = frozenset()  # there is no such account


@dataclass(frozen=True, slots=True)
class AccountsRule:
    """Where every asset has an account with a balance and a history of its own.

    ``balances`` and ``plan`` read the answers to ``listings``: for each of them its pages' texts,
    none where there is no such account. ``more`` tells of these what else is to be asked for
    balances: a list for each account. ``plan_pairs`` adds the streams that accounts, known assets
    and markets call for together.
    """

    listings: tuple[Listing, ...]
    balances: Callable[[list[list[str]]], list[ReportedBalance]]
    plan: Callable[[list[list[str]]], list[StreamSpec]]
    more: Callable[[list[list[str]]], list[Listing]] = lambda lists: []
    plan_pairs: Callable[[list[list[str]], frozenset[str], list[MarketRow]], list[StreamSpec]] = (
        lambda lists, known, markets: []
    )


class RawPage(NamedTuple):
    """One answer cut into its records, with what the exchange says of the rest."""

    rows: list[Slice]
    total: int | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class StreamRule:
    """How the streams of one family (``trades``, ``deposits``, ...) are fetched and read.

    ``read`` cuts an answer into records; ``external_id`` and ``occurred_at`` read one of them,
    ``body`` makes the text that is kept (the record's own text, with its name where the exchange
    puts the id there). ``parameters`` adds what the scope says (a pair, a direction).
    """

    family: str
    kind: RecordKind
    call: Call
    strategy: Strategy
    read: Callable[[str], RawPage]
    external_id: Callable[[Slice], str]
    occurred_at: Callable[[Slice], datetime]
    normalise: Callable[[StreamSpec, dict[str, Any]], Event | None]
    overlap: timedelta
    parameters: Callable[[StreamSpec], dict[str, Any]] = lambda stream: {}
    body: Callable[[Slice], str] = lambda row: row.text
    absent_codes: frozenset[str] = frozenset()  # "no such symbol": nothing there, not an error
    token_header: str = ""  # the answer's header that names the next page, where no field does
    # The market of a record, "" where it needs none: its pair is added to the text as "pair",
    # because the market's own name (``@107``) does not tell what was traded.
    market_of: Callable[[Slice], str] | None = None
    refused_codes: frozenset[str] = frozenset()  # not for this key here; the key itself may be fine
    refused: str = ""  # what to tell its owner then
    # The key of another stream that a record calls for ("fills:BTCUSDT"); "" where there is none.
    leads_to: Callable[[Slice], str] = lambda row: ""


@dataclass(frozen=True, slots=True)
class MarketRow:
    """One market as the exchange names it, with canonical asset codes."""

    symbol: str
    base: str
    quote: str
    trading: bool


@dataclass(frozen=True, slots=True)
class FineRule:
    """Candles finer than a day, by the same call; ``reach`` is how far back they are served."""

    width: Width
    parameters: Callable[[str, datetime, int], dict[str, Any]]  # symbol, since, limit
    limit: int
    reach: timedelta | None = None  # None: as far as the market goes


@dataclass(frozen=True, slots=True)
class MarketRule:
    """Public prices: what trades, the last prices, and closing prices."""

    list_call: Call
    read_list: Callable[[str], list[MarketRow]]
    ticker_call: Call
    read_tickers: Callable[[str], dict[str, Decimal]]  # by market symbol
    candle_call: Call
    candle_parameters: Callable[[str, datetime, int], dict[str, Any]]  # symbol, since, limit
    read_candles: Callable[[str], list[tuple[datetime, Decimal]]]
    candle_limit: int
    candles_reach_back: bool  # False: only the latest ``candle_limit`` days are served
    candles_windowed: bool = False  # asked by stretches of that many days, some may be empty
    fine: tuple[FineRule, ...] = ()
    list_parameters: Mapping[str, Any] = field(default_factory=dict)
    ticker_parameters: Mapping[str, Any] = field(default_factory=dict)


class Treatment(enum.Enum):
    """What is to be done about an error code (``errors.py`` has the same ways out)."""

    AGAIN = enum.auto()
    WAIT = enum.auto()  # this key only
    WAIT_ALL = enum.auto()  # everything this server asks of the exchange
    KEY = enum.auto()
    STREAM = enum.auto()
    CLOCK = enum.auto()  # set our clock by the exchange's and ask once more
    KEY_OR_CLOCK = enum.auto()  # the same word for both: as CLOCK, and if that is no help, KEY
    NONCE = enum.auto()  # ask once more with a newer number


@dataclass(frozen=True, slots=True)
class CodeRule:
    """What one error code of an exchange means; ``message`` is for people."""

    treatment: Treatment
    message: str
    wait: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Profile:
    """One exchange: everything that differs from the others."""

    exchange: str
    read_list: tuple[Call, ...]
    allowances: tuple[Allowance, ...]
    audit_call: Call | None  # None: the exchange has no way to tell what a key may do
    read_audit: Callable[[str], PermissionAudit] | None
    audit_refused: str  # what to tell the owner of a key that is not even let ask what it may do
    balances: tuple[BalanceRule, ...]
    balances_refused: str
    streams: tuple[StreamRule, ...]
    plan: Callable[[frozenset[str], list[MarketRow]], list[StreamSpec]]
    plan_needs_markets: bool
    markets: MarketRule
    error_code: Callable[[str], str]  # the exchange's code in an answer's text, or ""
    codes: Mapping[str, CodeRule]
    time_call: Call | None = None  # clock of the exchange, where requests carry a time
    read_time: Callable[[str], datetime] | None = None
    uid_call: Call | None = None  # where the audit's answer does not name the account
    read_uid: Callable[[str], str] | None = None
    audit_parameters: Callable[[str], Mapping[str, Any]] | None = (
        None  # asked with the account's id
    )
    audit_key_parameter: str = ""  # asked with the key itself; it does not leave the gateway
    # Where the audit's answer is of several keys: told to be this one's by how it names it.
    read_audit_among: Callable[[str, Callable[[str], bool]], PermissionAudit] | None = None
    uid_parameters: Mapping[str, Any] = field(default_factory=dict)
    audit_withheld: frozenset[str] = frozenset()  # refusals that tell nothing of what a key may do
    by_address: bool = False  # no key: an account is its address, which is in every scope too
    codes_decide: bool = False  # refusals come as HTTP 500: a known code says more than that
    ccxt_options: Mapping[str, Any] = field(default_factory=dict)
    ccxt_urls: Mapping[str, str] = field(default_factory=dict)  # sections that ccxt does not know
    accounts: AccountsRule | None = None  # balances and streams account by account
    positions: tuple[PositionRule, ...] = ()  # of wallets in which contracts are traded
    # Exchanges of one family show the same accounts and share what an address may ask.
    family: str = ""  # "": on its own
    guide: Guide | None = None  # how to make a key there; else guides.py
    audit_tells: bool = True  # False: the audit's answer is not about what a key may do
    has_sandbox: bool = False  # a simulated exchange speaks its protocol

    @property
    def tells_permissions(self) -> bool:
        """Whether the exchange tells what a key may do."""
        return self.audit_call is not None and self.audit_tells

    def stream_rule(self, stream: StreamSpec) -> StreamRule:
        """Return the rule of ``stream``'s family. May raise KeyError."""
        family = stream.key.partition(":")[0]
        return next(rule for rule in self.streams if rule.family == family)
