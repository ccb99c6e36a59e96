"""The ably_rule function's settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.common.settings import SettingsReader

CONTROL_API_URL = "https://control.ably.net/v1"


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """Everything the ably_rule function reads from its environment.

    Attributes:
        token_secret_arn: the secret whose string is an access token of the Control API.
        control_api_url: its base URL, without a slash at the end.
    """

    token_secret_arn: str
    control_api_url: str

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> "RuleSettings":
        """Read the settings.

        Raises:
            SettingsError: with every problem.
        """
        reader = SettingsReader(environment)
        settings = cls(
            token_secret_arn=reader.text("ABLY_CONTROL_TOKEN_SECRET_ARN"),
            control_api_url=reader.text("ABLY_CONTROL_API_URL", default=CONTROL_API_URL).rstrip(
                "/"
            ),
        )
        reader.require(
            # urllib would open a file: URL as well.
            holds=settings.control_api_url.startswith(("https://", "http://")),
            problem="ABLY_CONTROL_API_URL must begin with https:// (http:// for a local server)",
        )
        reader.finish()
        return settings
