"""Batch requests: many channels in one request, each with its own result."""

from typing import Any

from ably_local.auth.keys import Identity
from ably_local.base.errors import AblyError
from ably_local.core.apps import App
from ably_local.core.publishing import Sender, publish
from ably_local.http import exchange
from ably_local.http.exchange import Request, Response
from ably_local.rest.channels import present_members, rendered


def publish_batch(app: App, identity: Identity, request: Request) -> Response:
    """POST /messages: a BatchSpec or an array of them.

    From protocol version 3 on the answer has one result per spec. Earlier versions get one flat
    list; a partial failure is an error that contains the list.
    """
    limits = app.limits
    if len(request.body) > limits.batch_bytes:
        raise AblyError(40009, 413, f"the batch is larger than {limits.batch_bytes} bytes")
    body = request.json()
    many = isinstance(body, list)
    specs = [_Spec(spec) for spec in (body if many else [body])]
    if len({channel for spec in specs for channel in spec.channels}) > limits.batch_channels:
        raise AblyError(90010, 400, f"a batch has at most {limits.batch_channels} channels")
    results = [
        [_publish(app, identity, spec, channel) for channel in spec.channels] for spec in specs
    ]
    if request.version >= 3:
        answers = [_counted(each) for each in results]
        return Response(status=201, value=answers if many else answers[0])
    return _flat([result for each in results for result in each], status=201)


def batch_presence(app: App, identity: Identity, request: Request) -> Response:
    """GET /presence?channels=a,b: the members on each channel."""
    names = request.query.get("channels", "").split(request.query.get("separator") or ",")
    if names == [""]:
        raise AblyError(40003, 400, "invalid parameter channels; it is empty")
    if len(names) > app.limits.batch_channels:
        raise AblyError(90010, 400, f"a batch has at most {app.limits.batch_channels} channels")
    results = [_present(app, identity, request, name) for name in names]
    return batch_response(request, results, status=200)


def _present(app: App, identity: Identity, request: Request, name: str) -> dict[str, Any]:
    try:
        found = present_members(app, identity, name)
    except AblyError as error:
        return {"channel": name, "error": error.info()}
    return {"channel": name, "presence": rendered(request, found)}


class _Spec:
    """One BatchSpec: the same messages on one or more channels."""

    def __init__(self, given: Any) -> None:
        if not isinstance(given, dict):
            raise AblyError(40001, 400, "invalid batch; a BatchSpec is an object")
        channels = given.get("channels")
        self.channels: list[Any] = channels if isinstance(channels, list) else [channels]
        if not self.channels or not all(isinstance(name, str) for name in self.channels):
            raise AblyError(40001, 400, "invalid batch; channels are a name or a list of names")
        if given.get("messages") in (None, []):
            raise AblyError(40001, 400, "invalid batch; a BatchSpec has messages")
        self.messages = given["messages"]


def _publish(app: App, identity: Identity, spec: _Spec, channel: str) -> dict[str, Any]:
    try:
        result = publish(app, channel, spec.messages, Sender(identity=identity))
    except AblyError as error:
        return {"channel": channel, "error": error.info()}
    return {"channel": channel, "messageId": result.message_id, "serials": result.serials}


def batch_response(request: Request, results: list[dict[str, Any]], *, status: int) -> Response:
    """The response for a list of results, of which some may be errors.

    Before protocol version 3, a partial failure is an error that contains the results.
    """
    if request.version >= 3:
        return Response(status=status, value=_counted(results))
    return _flat(results, status=status)


def _counted(results: list[dict[str, Any]]) -> dict[str, Any]:
    failed = sum("error" in result for result in results)
    return {
        "successCount": len(results) - failed,
        "failureCount": failed,
        "results": results,
    }


def _flat(results: list[dict[str, Any]], *, status: int) -> Response:
    for result in results:
        result.pop("serials", None)
    if any("error" in result for result in results):
        error = AblyError(40020, 400, "batched response includes errors")
        return exchange.failure(error, details={"batchResponse": results})
    return Response(status=status, value=results)
