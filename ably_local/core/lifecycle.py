"""Channels opening and closing: told to rules and to those who listen on the metachannel."""

import json
from typing import Any

from ably_local.core.apps import App, Lifecycle
from ably_local.core.channels import Channel
from ably_local.core.occupancy import channel_details
from ably_local.core.publishing import announce
from ably_local.core.rules import Rule

METACHANNEL = "[meta]channel.lifecycle"
SOURCE = "channel.lifecycle"


def tell(app: App, event: Lifecycle, channel: Channel) -> None:
    """Tell of a channel that became active, or is so no longer."""
    if channel.name.startswith("[meta]"):
        return
    rules = [rule for rule in app.rules.values() if rule.matches(SOURCE, channel.name)]
    listened_to = METACHANNEL in app.channels
    if not rules and not listened_to:
        return
    details = channel_details(channel.name, channel)
    for rule in rules:
        app.invoke(rule, _event(app, rule, event, details))
    if listened_to:
        announce(app, METACHANNEL, event, json.dumps(details))


def _event(app: App, rule: Rule, name: str, details: dict[str, Any]) -> dict[str, Any]:
    """What the rule's target gets: Ably documents the item of a batch, and no other form."""
    if rule.request_mode == "batch":
        return rule.batch_item(name, app.serials.next(), app.clock.now_ms(), details)
    if rule.target.get("enveloped") is False:
        return details
    return rule.envelope(details["channelId"], {"name": name, "data": details})
