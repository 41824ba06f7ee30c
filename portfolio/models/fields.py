"""Column types of our own."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _Base = models.DecimalField[Decimal | str, Decimal]
else:
    _Base = models.DecimalField


class ExactDecimalField(_Base):
    """PostgreSQL numeric without a scale: keeps every digit an exchange sends, pads none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 100)
        kwargs.setdefault("decimal_places", 50)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric"

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002  (Django's signature)
    ) -> Any:
        if isinstance(value, float):
            raise TypeError("a float must not become an amount")
        return super().get_db_prep_value(value, connection, prepared)
