"""Parses and describes the targets of rules for the Control API."""

from collections.abc import Callable
from typing import Any

from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.core.apps import App
from ably_local.core.rules import HTTP, LAMBDA
from ably_local.http.fields import Fields

# Request modes by rule type.
MODES = {LAMBDA: ("single",), HTTP: ("single", "batch")}


def parse_target(app: App, rule_type: str, mode: str, fields: Fields) -> dict[str, Any]:
    """Parse the target of a rule of this type.

    Raises:
        AblyError: 422, if a field is wrong or unknown; 50100, if a feature is not supported.
    """
    return _PARSERS[rule_type](app, mode, fields)


def describe_target(target: dict[str, Any]) -> dict[str, Any]:
    """A target without the secret access key."""
    shown = {"format": "json", **target}
    if "authentication" in target:
        shown["authentication"] = {**target["authentication"]}
        shown["authentication"].pop("secretAccessKey", None)
    return shown


def _lambda(_app: App, _mode: str, target: Fields) -> dict[str, Any]:
    region = target.text("region")
    function_name = target.text("functionName")
    enveloped = target.take("enveloped", bool)
    given = target.section("authentication")
    mode = given.text("authenticationMode", one_of=("credentials", "assumeRole"))
    names = ("accessKeyId", "secretAccessKey") if mode == "credentials" else ("assumeRoleArn",)
    authentication = {"authenticationMode": mode, **{name: given.text(name) for name in names}}
    given.done()
    target.done()
    return {
        "region": region,
        "functionName": function_name,
        "enveloped": enveloped is not False,
        "authentication": authentication,
    }


def _http(app: App, mode: str, target: Fields) -> dict[str, Any]:
    url = target.text("url")
    if not url.startswith(("http://", "https://")):
        raise AblyError(40000, 422, "target.url is not an HTTP URL")
    if target.text("format", one_of=("json", "msgpack")) != "json":
        raise NotSupportedError("http rules in msgpack")
    if target.take("enveloped", bool) is False and mode == "single":
        raise NotSupportedError("http rules without an envelope")
    headers = []
    for header in target.objects("headers"):
        headers.append({"name": header.text("name"), "value": header.take("value", str) or ""})
        header.done()
    signing_key_id = target.take("signingKeyId", str)
    if signing_key_id and signing_key_id not in app.keys:
        raise AblyError(40000, 422, "target.signingKeyId is not a key of the app")
    target.done()
    return {
        "url": url,
        "headers": headers,
        "signingKeyId": signing_key_id,
        "enveloped": True,
        "format": "json",
    }


_PARSERS: dict[str, Callable[[App, str, Fields], dict[str, Any]]] = {LAMBDA: _lambda, HTTP: _http}
