"""The auth function's settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.common.http import Cors
from lambdas.common.settings import SettingsReader


@dataclass(frozen=True, kw_only=True)
class AuthSettings:
    """Everything the auth function reads from its environment.

    Attributes:
        key_secret_arn: the secret whose string is the Ably API key.
        app_id: the Ably app that the key must belong to; empty for any app.
        outgoing_channel: the channel that clients publish to.
        incoming_channel: the channel that clients receive on.
        signed_in: whether the client id is the subject of a verified JWT; else each browser gets
            a client id of its own.
        cookie_secure: False only for a page served over plain HTTP.
    """

    key_secret_arn: str
    app_id: str
    outgoing_channel: str
    incoming_channel: str
    token_ttl_seconds: int
    cors: Cors
    signed_in: bool
    cookie_secure: bool

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> "AuthSettings":
        """Read the settings.

        Raises:
            SettingsError: with every problem.
        """
        reader = SettingsReader(environment)
        settings = cls(
            key_secret_arn=reader.text("ABLY_API_KEY_SECRET_ARN"),
            app_id=reader.text("ABLY_APP_ID", default=""),
            outgoing_channel=reader.text("OUTGOING_CHANNEL", default="outgoing-chat"),
            incoming_channel=reader.text("INCOMING_CHANNEL", default="incoming-chat"),
            token_ttl_seconds=reader.integer(
                "TOKEN_TTL_SECONDS", default=3600, minimum=60, maximum=86_400
            ),
            cors=Cors(reader.origins("ALLOWED_ORIGINS")),
            signed_in=reader.choice("AUTH_MODE", ("anonymous", "jwt"), default="anonymous")
            == "jwt",
            cookie_secure=reader.flag("COOKIE_SECURE", default=True),
        )
        reader.require(
            holds=settings.outgoing_channel != settings.incoming_channel,
            problem="OUTGOING_CHANNEL and INCOMING_CHANNEL must differ",
        )
        reader.finish()
        return settings
