"""Ably TokenRequests, signed by the SDK without a call to Ably."""

import re
from typing import Any

from ably.sync import AblyRestSync

from lambdas.common.errors import SecretUnavailableError

_KEY = re.compile(r"[\w-]+\.[\w-]+:[!-9;-~]+", re.ASCII)


def capability(*, outgoing_channel: str, incoming_channel: str) -> dict[str, list[str]]:
    """The least capability that the page needs.

    It includes `subscribe` on the outgoing channel for presence: Ably sends presence members and
    events only to clients that may subscribe to the channel.
    """
    return {
        outgoing_channel: ["presence", "publish", "subscribe"],
        incoming_channel: ["history", "subscribe"],
    }


class TokenRequests:
    """Signs TokenRequests with one Ably API key."""

    def __init__(self, api_key: str) -> None:
        # Checked here because the SDK's own message quotes the key.
        if not _KEY.fullmatch(api_key):
            raise SecretUnavailableError(
                "unable to use the Ably API key; it does not have the form appId.keyId:secret"
            )
        self._auth = AblyRestSync(key=api_key).auth

    def create(
        self, *, client_id: str, ttl_seconds: int, capability: dict[str, list[str]]
    ) -> dict[str, Any]:
        """A TokenRequest in Ably's JSON form, with a new nonce and timestamp."""
        request = self._auth.create_token_request(
            {"client_id": client_id, "ttl": ttl_seconds * 1000, "capability": capability}
        )
        answer: dict[str, Any] = request.to_dict()
        return answer
