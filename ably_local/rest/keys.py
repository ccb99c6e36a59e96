"""The REST API of a key: token requests and token revocation."""

from functools import partial
from typing import Any

from ably_local.auth.keys import Key
from ably_local.auth.revocations import Revocation, parse_target, revoked
from ably_local.base.errors import AblyError
from ably_local.base.protocol import Action
from ably_local.core.apps import App
from ably_local.core.service import Service
from ably_local.http import exchange
from ably_local.http.exchange import Request, Response
from ably_local.rest.batch import batch_response

MAX_TARGETS = 100
MAX_AGE_MS = 3_600_000
REAUTH_MARGIN_MS = 30_000


def request_token(service: Service, request: Request, key_name: str) -> Response:
    """POST /keys/{keyName}/requestToken: a TokenRequest, or any request that presents the key."""
    key = service.key(key_name)
    shown, _ = exchange.credentials(request)
    trusted = False
    if shown is not None:
        identity = service.identify_key(shown)
        if identity.key is not key:
            raise AblyError(40102, 401, "incompatible credentials; the key differs from the path")
        trusted = True
    token = service.app(key.app_id).tokens.request(key, request.object(), trusted=trusted)
    return Response(status=201, value=token.details())


def revoke_tokens(service: Service, request: Request, key_name: str) -> Response:
    """POST /keys/{keyName}/revokeTokens, authenticated by that key; one result per target."""
    key = _shown_key(service, request, key_name)
    body, now = request.object(), service.clock.now_ms()
    targets = body.get("targets")
    if not isinstance(targets, list) or not 0 < len(targets) <= MAX_TARGETS:
        raise AblyError(40003, 400, f"invalid request; it must have 1 to {MAX_TARGETS} targets")
    issued_before = body.get("issuedBefore", now)
    if not isinstance(issued_before, int) or not now - MAX_AGE_MS <= issued_before <= now:
        raise AblyError(40003, 400, "invalid issuedBefore; it must be within the last hour")
    margin_ms = REAUTH_MARGIN_MS if body.get("allowReauthMargin") is True else 0
    results: list[dict[str, Any]] = []
    for target in map(str, targets):
        try:
            kind, value = parse_target(target)
        except AblyError as error:
            results.append({"target": target, "error": error.info()})
            continue
        revocation = Revocation(
            key_name=key.key_name,
            kind=kind,
            value=value,
            issued_before_ms=issued_before,
            applies_at_ms=now + margin_ms,
        )
        _revoke(service, service.app(key.app_id), revocation)
        results.append(
            {"target": target, "issuedBefore": issued_before, "appliesAt": now + margin_ms}
        )
    return batch_response(request, results, status=201)


def _shown_key(service: Service, request: Request, key_name: str) -> Key:
    key = service.key(key_name)
    shown, _ = exchange.credentials(request)
    if shown is None:
        raise AblyError(40162, 401, "revocation requires basic authentication by key")
    if service.identify_key(shown).key is not key:
        raise AblyError(40133, 401, "only the issuing key can revoke tokens")
    if not key.revocable_tokens:
        raise AblyError(40163, 401, "token revocation is not enabled for this key")
    return key


def _revoke(service: Service, app: App, revocation: Revocation) -> None:
    app.revocations.add(revocation)
    if revocation.applies_at_ms <= service.clock.now_ms():
        _enforce(app, revocation)
        return
    for connection in list(app.connections.values()):
        if revocation.covers(connection.identity):
            connection.send(Action.AUTH)
    service.timers.call_at(revocation.applies_at_ms, partial(_enforce, app, revocation))


def _enforce(app: App, revocation: Revocation) -> None:
    for connection in list(app.connections.values()):
        if revocation.covers(connection.identity):
            connection.disconnect(revoked())
