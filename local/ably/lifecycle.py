"""Channels opening and closing: told to rules and to those who listen on the metachannel."""

import json

from local.ably.apps import App, Lifecycle
from local.ably.channels import Channel
from local.ably.occupancy import channel_details
from local.ably.publishing import announce

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
        # Ably documents this event in batches alone; here an item of a batch is in the envelope.
        bare = rule.target.get("enveloped") is False
        content = {"name": event, "data": details}
        app.invoke(rule, details if bare else rule.envelope(channel.name, content))
    if listened_to:
        announce(app, METACHANNEL, event, json.dumps(details))
