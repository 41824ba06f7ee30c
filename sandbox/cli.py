"""Command-line options, the same with Django and without."""

import csv
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime
from fractions import Fraction

from sandbox import files, listing
from sandbox.options import DEFAULT_ANCHOR, Options
from sandbox.server import serve


def add_arguments(parser: ArgumentParser, *, port: int, speed: str, url: str) -> None:
    """Declare the options with their defaults."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=port, help="port; 0 takes any free one")
    parser.add_argument("--speed", type=_speed, default=speed, help="multiplies all rate limits")
    parser.add_argument("--anchor", type=_date, default=DEFAULT_ANCHOR, help="end of the history")
    parser.add_argument("--pairs", type=int, default=0, help="pairs listed at Binance in addition")
    parser.add_argument("--list-keys", action="store_true", help="list the demo keys and stop")
    parser.add_argument("--json", action="store_true", help="list as JSON")
    parser.add_argument("--csv", metavar="ACCOUNT", help="print a file of this account and stop")
    parser.add_argument("--layout", choices=files.layouts_of_all(), help="which file that is")
    parser.set_defaults(url=url)


def run(options: Namespace) -> int:
    """List the keys or serve; answers the exit status."""
    if options.list_keys:
        render = listing.as_json if options.json else listing.as_table
        print(render(options.url.rstrip("/")))  # noqa: T201
        return 0
    if options.csv:
        return _print_file(options)
    try:
        told = (options.host, options.port, options.speed, options.anchor, options.pairs)
        serve(Options(*told))
    except OSError as error:
        place = f"{options.host}:{options.port}"
        print(f"The sandbox cannot listen on {place}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _print_file(options: Namespace) -> int:
    try:
        rows = files.rows(options.csv, options.layout, Options(anchor=options.anchor))
    except KeyError:
        known = "; ".join(files.layouts())
        print(f"There is no such account or layout; there are: {known}", file=sys.stderr)  # noqa: T201
        return 1
    csv.writer(sys.stdout).writerows(rows)
    return 0


def _speed(text: str) -> Fraction:
    try:
        speed = Fraction(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a number") from error
    if speed <= 0:
        raise ArgumentTypeError("the speed must be more than 0")
    return speed


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date") from error
