"""Days at the ends of the calendar are refused with words, wherever one can be given."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from portfolio.forms_days import DayField, MomentField
from tests import factories

ENDS = ("0001-01-01", "9999-12-31")
PAGES = (
    "/?from={0}",
    "/?to={0}",
    "/performance/?from={0}",
    "/performance/days/?from={0}&to={0}",
    "/transactions/?since={0}",
    "/transactions/?until={0}",
    "/exports/koinly/preview/?first={0}",
    "/exports/koinly/preview/?last={0}",
)


@pytest.mark.parametrize("day", ENDS)
@pytest.mark.parametrize("address", PAGES)
def test_no_page_falls_over_it(page: Client, owner: User, address: str, day: str) -> None:
    stream = factories.stream(factories.connection(owner))
    factories.transaction(stream, ("2", "BTC"), ("-400", "USD"))
    assert page.get(address.format(day)).status_code in (200, 422)


@pytest.mark.parametrize("day", ENDS)
def test_the_years_that_can_be_are_told(day: str) -> None:
    for field, text in ((DayField(), day), (MomentField(), f"{day}T00:00")):
        with pytest.raises(Exception, match="The year must be from 1900 to 2199"):
            field.clean(text)
