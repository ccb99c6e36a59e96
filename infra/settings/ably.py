"""The Ably account, its app and its channels."""

from dataclasses import dataclass
from typing import Literal, get_args

from infra.settings import formats
from infra.settings.fields import one_of, optional, setting

Plan = Literal["free", "standard", "pro", "unlimited"]


@dataclass(frozen=True, kw_only=True)
class AblySettings:
    """The API key is no setting: it is in Secrets Manager."""

    outgoing_channel: str = setting(
        "Ably channel that browsers publish on", formats.channel, dev="outgoing-chat"
    )
    incoming_channel: str = setting(
        "Ably channel that changes of the chat come back on", formats.channel, dev="incoming-chat"
    )
    ably_plan: Plan = setting(
        "the Ably account's plan; the connector keeps to its request rates",
        one_of(*get_args(Plan)),
        dev="free",
        prod="standard",
    )
    ably_account_id: str | None = setting(
        "Ably account, for the role by which Ably invokes ingest; together with the next",
        optional(formats.ably_id),
        dev="none",
    )
    ably_app_id: str | None = setting(
        "Ably app: the part of the API key in front of its first dot",
        optional(formats.ably_id),
        dev="none",
    )
    # Not echoed: the likeliest mistake is to paste the key itself.
    ably_api_key_secret_arn: str | None = setting(
        "a secret that holds the Ably API key; `none` creates an empty one to fill",
        optional(formats.secret_arn),
        dev="none",
        echo=False,
    )
    # Not echoed, as the key. None: the rule is then made by hand.
    ably_control_token_secret: str | None = setting(
        "where the access token of Ably's Control API is: the deploy then creates, changes and "
        "removes the rule. With `none`, the outputs say what to enter by hand",
        optional(formats.control_token_secret),
        dev="none",
        echo=False,
    )
    ably_control_api_url: str = setting(
        "the Control API; a different one only for tests",
        formats.control_api_url,
        dev="https://control.ably.net/v1",
    )
