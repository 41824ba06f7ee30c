"""The parts every page is made of: icons, cards, form fields, times, status words.

``{% load ui %}`` and then:

- ``{% icon "plug" %}``: one of ``portfolio/static/portfolio/icons.svg``; decoration, never the
  only label.
- ``{% card title=_("Holdings") subtitle=text %} ... {% endcard %}``: a titled section. With
  ``flush=True`` the body has no padding (for tables); ``id="holdings"`` names it.
- ``{% scroll label=_("Holdings") %}<table class="table"> ... </table>{% endscroll %}``: lets a wide
  table scroll on its own on a phone, reachable by keyboard.
- ``{% field form.email %}``: label, control, help and errors of one bound field.
- ``{% when moment %}``: a time in the reader's zone, UTC on hover; ``style="date"``, ``"seconds"``
  or ``"relative"``.
- ``{% status "ok" _("Healthy") %}``: a dot and a word; kinds: ok, busy, warn, bad, off, info.
- ``{% nav_link url text "plug" %}``: a link of a navigation, marked when it is the current place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.forms import BoundField, CheckboxInput, FileInput, Select
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

MOST_SHOWN = 999
STATUS_KINDS = frozenset({"ok", "busy", "warn", "bad", "off", "info"})
FORMATS = {"datetime": "j M Y, H:i", "date": "j M Y", "seconds": "j M Y, H:i:s"}


@register.simple_tag
def icon(name: str, size: int = 18) -> SafeString:
    """A line icon of the product's own set, hidden from screen readers; ``size`` in pixels."""
    return format_html(
        '<svg class="cf-icon" width="{0}" height="{0}" aria-hidden="true" focusable="false">'
        '<use href="{1}#{2}"></use></svg>',
        size,
        static("portfolio/icons.svg"),
        name,
    )


@register.simple_block_tag
def card(
    content: str, title: str = "", subtitle: str = "", id: str = "", *, flush: bool = False
) -> SafeString:
    """A section on its own surface, with a heading of the second level when it has a title."""
    return format_html(
        '<section class="card cf-card"{}>{}<div class="{}">{}</div></section>',
        format_html(' id="{}"', id) if id else "",
        _card_header(title, subtitle),
        "cf-card-flush" if flush else "card-body",
        content,
    )


def _card_header(title: str, subtitle: str) -> SafeString | str:
    if not title:
        return ""
    small = format_html('<p class="cf-card-subtitle">{}</p>', subtitle) if subtitle else ""
    return format_html(
        '<div class="card-header"><div><h2 class="card-title">{}</h2>{}</div></div>', title, small
    )


@register.simple_block_tag
def scroll(content: str, label: str) -> SafeString:
    """A named region that scrolls sideways by itself, so that the page never does."""
    return format_html(
        '<div class="cf-scroll" role="region" aria-label="{}" tabindex="0">{}</div>', label, content
    )


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField, label: str = "", help: str | None = None, **attributes: Any
) -> dict[str, object]:
    """Label, control, help and errors of one field; other arguments become HTML attributes.

    Underscores in their names become hyphens: ``{% field form.key aria_label="x" %}``. ``help=""``
    leaves out the help that the form itself has.
    """
    widget = bound.field.widget
    names = {name.replace("_", "-"): value for name, value in attributes.items()}
    classes = [_control_class(widget), "is-invalid" if bound.errors else ""]
    extra = [str(widget.attrs.get("class", "")), str(names.pop("class", ""))]
    names["class"] = " ".join(part for part in [*classes, *extra] if part)
    # Django writes aria-describedby from this, with the ids that the component gives.
    bound.help_text = bound.help_text if help is None else help
    if type(bound.form).__module__.startswith("allauth"):
        names.setdefault("placeholder", "")  # it repeats the label, which is always shown here
    return {
        "field": bound,
        "control": bound.as_widget(attrs=names),
        "label": label or bound.label,
        "help": bound.help_text,
        "is_check": isinstance(widget, CheckboxInput),
        "is_optional": not bound.field.required,
    }


def _control_class(widget: object) -> str:
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    return "form-control" if not isinstance(widget, FileInput) else "form-control cf-file"


@register.simple_tag
def when(moment: datetime | date | None, style: str = "datetime") -> SafeString | str:
    """A time in the reader's zone, with the UTC time on hover; nothing for no time."""
    if moment is None:
        return ""
    if not isinstance(moment, datetime):
        text = format_date(moment, FORMATS["date"])
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), text)
    local = timezone.localtime(moment)
    text = naturaltime(moment) if style == "relative" else format_date(local, FORMATS[style])
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        utc.isoformat(timespec="seconds"),
        format_date(utc, FORMATS["seconds"]),
        text,
    )


@register.simple_tag
def status(kind: str, text: str) -> SafeString:
    """A state in words with a coloured dot; the words alone are enough."""
    if kind not in STATUS_KINDS:
        raise template.TemplateSyntaxError(f"status has no kind {kind!r}")
    return format_html('<span class="cf-status cf-status-{}">{}</span>', kind, text)


@register.simple_tag(takes_context=True)
def nav_link(
    context: template.Context,
    url: str,
    text: str,
    icon_name: str,
    *,
    exact: bool = False,
    count: int | None = None,
) -> SafeString:
    """A link of a navigation, marked when the address is ``url`` or below it.

    ``count`` stands behind the text: how many things wait there.
    """
    path = context["request"].path if "request" in context else ""
    is_current = path == url if exact else path.startswith(url)
    return format_html(
        '<a href="{}"{}>{}<span>{}</span>{}</a>',
        url,
        format_html(' aria-current="{}"', "page" if path == url else "true") if is_current else "",
        icon(icon_name),
        text,
        "" if count is None else nav_count(count),
    )


@register.simple_tag
def nav_count(count: int, *, oob: bool = False) -> SafeString:
    """How many things wait at a place of the navigation; ``oob`` brings it to an open page."""
    return format_html(
        '<span id="nav-count" class="cf-badge cf-badge-warn"{}{}>{}</span>',
        SafeString(' hx-swap-oob="true"') if oob else "",
        "" if count else SafeString(" hidden"),
        count if count <= MOST_SHOWN else f"{MOST_SHOWN}+",
    )
