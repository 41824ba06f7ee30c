"""manage.py tax_case: cases with known answers, run through the tax engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from portfolio.engine.tax import case
from portfolio.engine.tax.method import UnknownMethod
from portfolio.engine.tax.operations import BadEvent
from portfolio.management.base import OperatorCommand

SHOWN = 20  # differing figures of a case; more tell a reader nothing


class Command(OperatorCommand):
    help = "Runs tax cases (JSON files) and tells where a figure is not the known one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="+", help="a case, or a list of cases, as JSON")
        parser.add_argument("--json", action="store_true", help="answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        results = [result for name in options["file"] for result in _results(Path(name))]
        failed = sum(not result["passed"] for result in results)
        if options["json"]:
            self.print_json({"cases": results, "passed": len(results) - failed, "failed": failed})
        else:
            for result in results:
                self._tell(result)
        summary = f"{len(results)} cases, {len(results) - failed} passed, {failed} failed"
        if failed:
            self.fail(summary)
        if not options["json"]:
            self.stdout.write(summary)

    def _tell(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['name']}: {'passed' if result['passed'] else 'FAILED'}")
        for line in result["differences"][:SHOWN]:
            self.stdout.write(f"    {line}")
        more = len(result["differences"]) - SHOWN
        if more > 0:
            self.stdout.write(f"    and {more} more")


def _results(path: Path) -> list[dict[str, Any]]:
    """What came of the cases in a file; a file that cannot be read is a case that failed."""
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return [_result(str(path), [f"cannot be read: {error}"])]
    return [_of_case(str(path), one) for one in (data if isinstance(data, list) else [data])]


def _of_case(path: str, data: Any) -> dict[str, Any]:
    try:
        known = case.read(data)
        return _result(known.name, case.differences(known))
    except UnknownMethod as error:
        return _result(path, [f"an unknown method: {error}"])
    except BadEvent as error:
        return _result(path, [str(error)])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _result(path, [f"not a case: {type(error).__name__}: {error}"])


def _result(name: str, differences: list[str]) -> dict[str, Any]:
    return {"name": name, "passed": not differences, "differences": differences}
