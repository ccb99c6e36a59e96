"""REST batch publish: many channels in one request, each a publish of its own."""

from typing import Any

from local.ably import http
from local.ably.apps import App
from local.ably.errors import AblyError
from local.ably.http import Request, Response
from local.ably.keys import Identity
from local.ably.publishing import Publisher, publish


def publish_batch(app: App, identity: Identity, request: Request) -> Response:
    """POST /messages: a BatchSpec or an array of them.

    From protocol version 3 on the answer has a result for each spec; before, it is one flat list,
    and a partial failure is an error that carries it.
    """
    limits = app.limits
    if len(request.body) > limits.batch_bytes:
        raise AblyError(40009, 413, f"the batch is larger than {limits.batch_bytes} bytes")
    body = request.json()
    many = isinstance(body, list)
    specs = [_Spec(spec) for spec in (body if many else [body])]
    if len({channel for spec in specs for channel in spec.channels}) > limits.batch_channels:
        raise AblyError(40003, 400, f"a batch has at most {limits.batch_channels} channels")
    results = [
        [_publish(app, identity, spec, channel) for channel in spec.channels] for spec in specs
    ]
    if request.version >= 3:
        return _by_spec(results, many=many)
    return _flat(results)


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
        result = publish(app, channel, spec.messages, Publisher(identity=identity))
    except AblyError as error:
        return {"channel": channel, "error": error.info()}
    return {"channel": channel, "messageId": result.message_id, "serials": result.serials}


def _by_spec(results: list[list[dict[str, Any]]], *, many: bool) -> Response:
    answers = []
    for each in results:
        failed = sum("error" in result for result in each)
        answers.append(
            {"successCount": len(each) - failed, "failureCount": failed, "results": each}
        )
    return Response(status=201, value=answers if many else answers[0])


def _flat(results: list[list[dict[str, Any]]]) -> Response:
    flat = [result for each in results for result in each]
    for result in flat:
        result.pop("serials", None)
    if any("error" in result for result in flat):
        error = AblyError(40020, 400, "batched response includes errors")
        return http.failure(error, details={"batchResponse": flat})
    return Response(status=201, value=flat)
