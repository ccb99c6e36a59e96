"""Ably TokenRequests, signed by the SDK without a call to Ably."""

from typing import Any

from ably.sync import AblyRestSync
from ably.util.exceptions import AblyException

from lambdas.common.errors import SecretUnavailableError


def capability(*, outgoing_channel: str, incoming_channel: str) -> dict[str, list[str]]:
    """What the page may do, and no more.

    `subscribe` on the outgoing channel is there for presence: Ably gives presence members and
    their events only to clients that may subscribe to the channel.
    """
    return {
        outgoing_channel: ["presence", "publish", "subscribe"],
        incoming_channel: ["history", "subscribe"],
    }


class TokenRequests:
    """Signs TokenRequests with one Ably API key."""

    def __init__(self, api_key: str) -> None:
        try:
            self._auth = AblyRestSync(key=api_key).auth
        except AblyException:
            # `from None`: the SDK's message may quote the key.
            raise SecretUnavailableError(
                "unable to use the Ably API key; it is not of the form appId.keyId:secret"
            ) from None

    def create(
        self, *, client_id: str, ttl_seconds: int, capability: dict[str, list[str]]
    ) -> dict[str, Any]:
        """A TokenRequest in Ably's JSON form, with a nonce and a timestamp of its own."""
        request = self._auth.create_token_request(
            {"client_id": client_id, "ttl": ttl_seconds * 1000, "capability": capability}
        )
        answer: dict[str, Any] = request.to_dict()
        return answer
