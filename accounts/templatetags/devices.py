"""``{{ session.user_agent|browser }}``: a browser in words."""

from __future__ import annotations

from django import template

from accounts.services.devices import describe

register = template.Library()
register.filter("browser", describe)
