"""Integration rules: which events go where, and the event that a target receives.

Only `aws/lambda` is run: one message in one invocation, enveloped or bare.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.ably.errors import AblyError
from local.ably.extras import skips
from local.ably.history import Publication
from local.ably.messages import for_json

SITE = "local-A"

# What Python's syntax has and RE2's has not: look-around, back-references, conditionals, atomic
# groups and possessive repetition.
_NOT_RE2 = re.compile(r"\(\?(?:<?[=!]|P=|\(|>|#)|\\[1-9]|[*+?}]\+")


@dataclass(kw_only=True)
class Rule:
    """A rule of type `aws/lambda`.

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
    request_mode: str = "single"
    enabled: bool = True
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def function_name(self) -> str:
        """The function to invoke."""
        return str(self.target["functionName"])

    def matches(self, source_type: str, channel: str) -> bool:
        """Whether an event of this source on this channel is for the rule."""
        return (
            self.enabled
            and self.source_type == source_type
            and (not self.channel_filter or re.search(self.channel_filter, channel) is not None)
        )

    def events(self, channel: str, publication: Publication) -> Iterator[dict[str, Any]]:
        """One event for each item: wire-encoded, as it is in the JSON protocol."""
        for item in publication.history_items():
            if publication.kind == "messages" and skips(item, self.id):
                continue
            bare = {key: value for key, value in for_json(item).items() if value is not None}
            if self.target.get("enveloped") is False:
                yield bare
                continue
            yield self.envelope(channel, {publication.kind: [bare]})

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
