"""Icons and state badges for templates: what a state looks like is known only here."""

from functools import lru_cache
from typing import NamedTuple

from django import template
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()


class Badge(NamedTuple):
    """How a state looks; `tone` is the colour class of the stylesheet."""

    icon: str
    word: str | Promise
    tone: str


BADGES = {
    "waiting": Badge("hourglass", _("Waiting"), "wait"),
    "running": Badge("loader", _("A job runs"), ""),
    "now": Badge("hourglass", _("Now"), "wait"),
    "collecting": Badge("hourglass", _("Collecting signatures"), "wait"),
    "due": Badge("clock", _("Due soon"), "due"),
    "dying": Badge("alert-triangle", _("Dies soon"), "dying"),
    "no_deadline": Badge("infinity", _("No deadline"), "due"),
    "looking": Badge("hourglass", _("Being looked up"), "wait"),
    "no_token": Badge("key-off", _("Cannot be answered"), "gone"),
    "no_worker": Badge("robot", _("No worker yet"), "due"),
    "worker": Badge("robot", _("A worker is at it"), ""),
    "held": Badge("player-pause", _("Held, then sent"), ""),
    "held_off": Badge("player-pause", _("Held: connection off"), "gone"),
    "connection_off": Badge("player-stop", _("Connection off"), "gone"),
    "sending": Badge("loader", _("Sending"), ""),
    "sent": Badge("loader", _("Sent, being confirmed"), ""),
    "taken": Badge("cloud", _("AWS took it"), "ok"),
    "approved": Badge("circle-check", _("Approved"), "ok"),
    "rejected": Badge("circle-x", _("Rejected"), "no"),
    "confirmed": Badge("cloud-check", _("Confirmed by AWS"), "ok"),
    "unknown": Badge("help-circle", _("Outcome unknown"), "unknown"),
    "elsewhere": Badge("arrows-split-2", _("Answered elsewhere"), "else"),
    "lost": Badge("arrows-split-2", _("Somebody else was first"), "else"),
    "overtaken": Badge("clock-off", _("The wait ended first"), "gone"),
    "withdrawn": Badge("arrow-back-up", _("Taken back"), ""),
    "voided": Badge("shield-x", _("Signatures void"), ""),
    "refused": Badge("circle-x", _("AWS refused the answer"), "dying"),
    "expired": Badge("clock-off", _("Expired"), "gone"),
    "stopped": Badge("square-x", _("Stopped"), "gone"),
    "closed": Badge("square-x", _("Closed"), "gone"),
    "failed": Badge("alert-octagon", _("Failed"), "dying"),
}


@register.simple_tag
@lru_cache(maxsize=512)  # a list has the same few a hundred times
def icon(name: str, size: str = "") -> SafeString:
    """One symbol of static/icons.svg, silent to screen readers; `size` is "", "l" or "xl"."""
    return format_html(
        '<svg class="i {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        size,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def badge(code: str, word: str = "") -> SafeString:
    """The badge of a state; `word` replaces the usual one ("1 of 2 signatures").

    Raises KeyError for a code that no badge is made for: a page must not invent states.
    """
    return _badge(code, str(word or BADGES[code].word))


@lru_cache(maxsize=512)
def _badge(code: str, word: str) -> SafeString:
    look = BADGES[code]
    return format_html('<span class="badge {}">{}{}</span>', look.tone, icon(look.icon), word)
