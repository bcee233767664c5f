"""What is said where a connection is switched off: nothing is read of it, and nothing is sent."""

from __future__ import annotations

from django.utils.translation import gettext as _

from callbacks.queries.connections import switch_on_command


def how_to_switch_on(name: str) -> str:
    """No page does it, so the command is named."""
    command = switch_on_command(name=name)
    return _("An administrator can switch it on: %(command)s") % {"command": command}


def nothing_is_read(name: str) -> str:
    says = _("Its connection is switched off, so nothing is read of it.")
    return f"{says} {how_to_switch_on(name)}"


def nothing_is_sent(name: str) -> str:
    says = _("Its connection is switched off, so nothing is sent.")
    return f"{says} {how_to_switch_on(name)}"
