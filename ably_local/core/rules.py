"""Integration rules: which events match a rule, and the event that its target receives.

A target of type `aws/lambda` gets one message per event, enveloped or bare. A target of type `http`
gets an enveloped message, or a batch of publications.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ably_local.base.errors import AblyError
from ably_local.messages.extras import skips
from ably_local.messages.history import Publication
from ably_local.messages.message import for_json

SITE = "local-A"
LAMBDA, HTTP = "aws/lambda", "http"

_BATCH_NAMES = {"messages": "channel.message", "presence": "presence.message"}

# Syntax of Python that RE2 does not have: look-around, back-references, conditionals, atomic
# groups and possessive quantifiers.
_NOT_RE2 = re.compile(r"\(\?(?:<?[=!]|P=|\(|>|#)|\\[1-9]|[*+?}]\+")


@dataclass(kw_only=True)
class Rule:
    """A rule of type `aws/lambda` or `http`.

    Attributes:
        channel_filter: a regular expression, searched for in the channel's full name; empty matches
            all channels.
        target: the target of the Control API, including secrets.
    """

    id: str
    app_id: str
    source_type: str
    channel_filter: str
    target: dict[str, Any] = field(repr=False)
    rule_type: str = LAMBDA
    request_mode: str = "single"
    enabled: bool = True
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def function_name(self) -> str:
        """The function that a rule of type `aws/lambda` invokes."""
        return str(self.target["functionName"])

    def matches(self, source_type: str, channel: str) -> bool:
        """Whether the rule applies to events of this source on this channel."""
        return (
            self.enabled
            and self.source_type == source_type
            and (not self.channel_filter or re.search(self.channel_filter, channel) is not None)
        )

    def events(self, channel: str, publication: Publication) -> Iterator[dict[str, Any]]:
        """The events for the rule's target: wire-encoded, as in JSON.

        One event per message, or one batch item for the whole publication.
        """
        items = [
            {key: value for key, value in for_json(item).items() if value is not None}
            for item in publication.history_items()
            if publication.kind != "messages" or not skips(item, self.id)
        ]
        if self.request_mode == "batch":
            if items:
                name = _BATCH_NAMES[publication.kind]
                data = {"channelId": channel, "site": SITE, publication.kind: items}
                yield self.batch_item(name, publication.serial, publication.timestamp_ms, data)
            return
        for item in items:
            bare = self.target.get("enveloped") is False
            yield item if bare else self.envelope(channel, {publication.kind: [item]})

    def batch_item(
        self, name: str, serial: str, timestamp_ms: int, data: dict[str, Any]
    ) -> dict[str, Any]:
        """One item of a batch."""
        return {
            "webhookId": self.id,
            "source": self.source_type,
            "serial": serial,
            "timestamp": timestamp_ms,
            "name": name,
            "data": data,
        }

    def envelope(self, channel: str, content: dict[str, Any]) -> dict[str, Any]:
        """An enveloped event; `content` depends on the source."""
        return {
            "source": self.source_type,
            "appId": self.app_id,
            "channel": channel,
            "site": SITE,
            "ruleId": self.id,
            **content,
        }


def check_filter(channel_filter: object) -> str:
    """Check a channel filter that a client sent.

    Raises:
        AblyError: 40035, if it is not a regular expression that RE2 accepts.
    """
    if not isinstance(channel_filter, str):
        raise AblyError(40035, 400, "invalid channelFilter; it is not a string")
    if _NOT_RE2.search(channel_filter):
        raise AblyError(40035, 400, "invalid channelFilter; RE2 does not support this syntax")
    try:
        re.compile(channel_filter)
    except re.error as error:
        raise AblyError(40035, 400, f"invalid channelFilter; {error}") from error
    return channel_filter
