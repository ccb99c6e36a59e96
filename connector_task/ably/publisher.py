"""Publishes batches through Ably's SDK: one `POST /messages` with one BatchSpec for each."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
from ably import AblyRest
from ably.util.exceptions import AblyException

from connector_task.config.ably import AblySettings
from connector_task.errors import ErrorCode, PublishError, PublishRequestError
from connector_task.relay.ports import Batch, Message

PROTOCOL_VERSION = "3"  # the first with a result for each channel of a batch
OPEN_SECONDS = 4
HOST_SECONDS = 6  # for one host to answer, so that a fallback host gets its turn
REQUEST_SECONDS = 15.0  # for all of it
REASON_CHARACTERS = 300


class AblyPublisher:
    """See `ports.Publisher`. Must be made and used on one event loop."""

    def __init__(self, settings: AblySettings, *, request_seconds: float = REQUEST_SECONDS) -> None:
        self._request_seconds = request_seconds
        options: dict[str, Any] = {}
        if settings.endpoint is not None:
            options["endpoint"] = settings.endpoint
        if settings.port is not None:
            options["tls_port" if settings.tls else "port"] = settings.port
        self._rest = AblyRest(
            settings.api_key,
            tls=settings.tls,
            # The SDK does not send a key in the clear; a token it does.
            use_token_auth=None if settings.tls else True,
            http_open_timeout=OPEN_SECONDS,
            http_request_timeout=HOST_SECONDS,
            **options,
        )

    async def publish(self, batches: Sequence[Batch]) -> list[PublishError | None]:
        """Publish in one request, cut off after `request_seconds` whatever the SDK does."""
        body = [_batch_spec(batch) for batch in batches]
        try:
            # The SDK's own timeouts restart with every host and with every byte received.
            async with asyncio.timeout(self._request_seconds):
                response = await self._rest.request(
                    "POST", "/messages", version=PROTOCOL_VERSION, body=body
                )
                error = None if response.success else _refusal(response)
                if error is not None and _is_token_error(error):
                    await self._rest.auth.authorize()  # for the next attempt
        except (TimeoutError, httpx.TimeoutException) as exc:
            reason = "Ably did not answer in time"
            raise PublishRequestError(PublishError(ErrorCode.ABLY_TIMEOUT, 0, reason)) from exc
        except AblyException as exc:
            raise PublishRequestError(_translate(exc)) from exc
        except (httpx.HTTPError, OSError) as exc:
            reason = f"{type(exc).__name__}: {exc}"[:REASON_CHARACTERS]
            raise PublishRequestError(PublishError(ErrorCode.ABLY_UNREACHABLE, 0, reason)) from exc
        except (ValueError, KeyError) as exc:
            # What the SDK raises on an answer that is neither JSON nor msgpack, as proxies give.
            reason = "the answer is not one of Ably's"
            raise PublishRequestError(PublishError(ErrorCode.ABLY_UNREADABLE, 0, reason)) from exc
        if error is not None:
            raise PublishRequestError(error)
        return _results(response.items, len(batches))

    async def close(self) -> None:
        """Close the SDK's connections."""
        await self._rest.close()


def _batch_spec(batch: Batch) -> dict[str, Any]:
    messages = [_message(batch, place, message) for place, message in enumerate(batch.messages)]
    return {"channels": [batch.channel], "messages": messages}


def _message(batch: Batch, place: int, message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {"id": f"{batch.id}:{place}", "data": message.data}
    if message.name is not None:
        fields["name"] = message.name
    if message.encoding is not None:
        fields["encoding"] = message.encoding
    if message.headers is not None:
        fields["extras"] = {"headers": message.headers}
    return fields


def _results(items: Any, count: int) -> list[PublishError | None]:
    """What became of each batch; an answer without one of them says nothing about that one."""
    unknown = PublishError(ErrorCode.ABLY_UNREADABLE, 0, "the answer does not speak of this batch")
    results: list[PublishError | None] = []
    for place in range(count):
        try:
            result = items[place]["results"][0]
        except (IndexError, KeyError, TypeError):
            results.append(unknown)
            continue
        results.append(_error(result["error"]) if result.get("error") else None)
    return results


def _refusal(response: Any) -> PublishError:
    item = response.items[0] if response.items else None
    info = item.get("error") if isinstance(item, dict) else None
    if isinstance(info, dict):
        return _error({"statusCode": response.status_code, **info})
    status = int(response.status_code)
    reason = f"HTTP status {status} without one of Ably's errors"
    return PublishError(ErrorCode.ABLY_UNREADABLE, status, reason)


def _error(info: dict[str, Any]) -> PublishError:
    reason = str(info.get("message", ""))[:REASON_CHARACTERS]
    return PublishError(int(info.get("code") or 0), int(info.get("statusCode") or 0), reason)


def _translate(exc: AblyException) -> PublishError:
    reason = str(exc.message)[:REASON_CHARACTERS]
    return PublishError(int(exc.code or 0), int(exc.status_code or 0), reason)


def _is_token_error(error: PublishError) -> bool:
    return isinstance(error.code, int) and 40140 <= error.code < 40150
