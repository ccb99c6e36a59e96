"""Channel lifecycle events: sent to rules and to subscribers of the metachannel."""

import json
from typing import Any

from ably_local.core.apps import App, Lifecycle
from ably_local.core.channels import Channel
from ably_local.core.occupancy import channel_details
from ably_local.core.publishing import announce
from ably_local.core.rules import Rule

METACHANNEL = "[meta]channel.lifecycle"
SOURCE = "channel.lifecycle"


def report_change(app: App, event: Lifecycle, channel: Channel) -> None:
    """Report that a channel became active or inactive."""
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
    """The event for a rule's target; Ably documents it only as an item of a batch."""
    if rule.request_mode == "batch":
        return rule.batch_item(name, app.serials.next(), app.clock.now_ms(), details)
    if rule.target.get("enveloped") is False:
        return details
    return rule.envelope(details["channelId"], {"name": name, "data": details})
