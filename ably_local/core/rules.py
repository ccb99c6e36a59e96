"""Integration rules: which events go where, and the event that a target receives.

A target of type `aws/lambda` gets one message at a time, enveloped or bare; one of type `http` an
enveloped message, or a batch of publications.
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

# What Python's syntax has and RE2's has not: look-around, back-references, conditionals, atomic
# groups and possessive repetition.
_NOT_RE2 = re.compile(r"\(\?(?:<?[=!]|P=|\(|>|#)|\\[1-9]|[*+?}]\+")


@dataclass(kw_only=True)
class Rule:
    """A rule of type `aws/lambda` or `http`.

    Attributes:
        channel_filter: a regular expression that is searched for in the channel's whole name;
            empty takes all channels.
        target: the target of the Control API, secrets included.
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
        """Whether an event of this source on this channel is for the rule."""
        return (
            self.enabled
            and self.source_type == source_type
            and (not self.channel_filter or re.search(self.channel_filter, channel) is not None)
        )

    def events(self, channel: str, publication: Publication) -> Iterator[dict[str, Any]]:
        """What the rule's target is to get of a publication: wire-encoded, as in JSON.

        One event for each item, or one item of a batch for all of them.
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
        """One of the items of a batch."""
        return {
            "webhookId": self.id,
            "source": self.source_type,
            "serial": serial,
            "timestamp": timestamp_ms,
            "name": name,
            "data": data,
        }

    def envelope(self, channel: str, content: dict[str, Any]) -> dict[str, Any]:
        """An enveloped event; `content` is what depends on the source."""
        return {
            "source": self.source_type,
            "appId": self.app_id,
            "channel": channel,
            "site": SITE,
            "ruleId": self.id,
            **content,
        }


def check_filter(channel_filter: object) -> str:
    """A channel filter that a client sent.

    Raises:
        AblyError: 40035, it is not a regular expression that RE2 reads.
    """
    if not isinstance(channel_filter, str):
        raise AblyError(40035, 400, "invalid channelFilter; it is not a string")
    if _NOT_RE2.search(channel_filter):
        raise AblyError(40035, 400, "invalid channelFilter; RE2 has no such syntax")
    try:
        re.compile(channel_filter)
    except re.error as error:
        raise AblyError(40035, 400, f"invalid channelFilter; {error}") from error
    return channel_filter
