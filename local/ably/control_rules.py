"""The Control API's rules, of type aws/lambda; every other type is refused by name."""

from typing import Any

from local.ably.apps import App
from local.ably.control_fields import MAX_OF_EACH, Fields, find, wrong_method
from local.ably.errors import AblyError, NotSupportedError
from local.ably.http import Request, Response
from local.ably.keys import random_id
from local.ably.rules import Rule, check_filter

RULE_TYPE = "aws/lambda"
SUPPORTED_SOURCES = ("channel.message", "channel.presence", "channel.lifecycle")
SOURCES = (*SUPPORTED_SOURCES, "channel.occupancy")
STATUSES = ("enabled", "disabled")


def handle(request: Request, app: App, rest: list[str]) -> Response:
    """Answer a request below /v1/apps/{app_id}/rules."""
    match request.method, rest:
        case "GET", []:
            return Response(value=[describe(rule) for rule in app.rules.values()])
        case "POST", []:
            rule = _create(app, Fields(request.object()))
            return Response(status=201, value=describe(rule))
        case "GET", [rule_id]:
            return Response(value=describe(find(app.rules, rule_id)))
        case "PATCH", [rule_id]:
            rule = find(app.rules, rule_id)
            _change(rule, Fields(request.object()))
            rule.modified_ms = app.clock.now_ms()
            return Response(value=describe(rule))
        case "DELETE", [rule_id]:
            find(app.rules, rule_id)
            del app.rules[rule_id]
            return Response(status=204)
    raise wrong_method()


def describe(rule: Rule) -> dict[str, Any]:
    """A rule as the Control API shows it: without the secret access key."""
    authentication = dict(rule.target["authentication"])
    authentication.pop("secretAccessKey", None)
    return {
        "id": rule.id,
        "appId": rule.app_id,
        "version": "1.2",
        "status": "enabled" if rule.enabled else "disabled",
        "ruleType": RULE_TYPE,
        "requestMode": rule.request_mode,
        "source": {"channelFilter": rule.channel_filter, "type": rule.source_type},
        "target": {**rule.target, "authentication": authentication, "format": "json"},
        "created": rule.created_ms,
        "modified": rule.modified_ms,
        "_links": {"self": f"/v1/apps/{rule.app_id}/rules/{rule.id}"},
    }


def _create(app: App, fields: Fields) -> Rule:
    if len(app.rules) >= MAX_OF_EACH:
        raise AblyError(40125, 422, "maximum number of rules per application exceeded")
    _check_type(fields)
    fields.text("requestMode", one_of=("single",))
    enabled = _status(fields)
    source = fields.section("source")
    channel_filter = check_filter(source.take("channelFilter", str) or "")
    source_type = _source_type(source)
    source.done()
    target = _target(fields.section("target"))
    fields.done()
    now = app.clock.now_ms()
    rule = Rule(
        id=random_id(6),
        app_id=app.id,
        source_type=source_type,
        channel_filter=channel_filter,
        target=target,
        enabled=enabled is not False,
        created_ms=now,
        modified_ms=now,
    )
    app.rules[rule.id] = rule
    return rule


def _change(rule: Rule, fields: Fields) -> None:
    _check_type(fields)
    fields.ignore("requestMode")
    enabled = _status(fields)
    channel_filter, source_type = rule.channel_filter, rule.source_type
    if fields.has("source"):
        source = fields.section("source")
        given = source.take("channelFilter", str)
        channel_filter = channel_filter if given is None else check_filter(given)
        source_type = _source_type(source) if source.has("type") else source_type
        source.done()
    target = _target(fields.section("target")) if fields.has("target") else rule.target
    fields.done()
    rule.enabled = rule.enabled if enabled is None else enabled
    rule.channel_filter, rule.source_type, rule.target = channel_filter, source_type, target


def _check_type(fields: Fields) -> None:
    rule_type = fields.text("ruleType")
    if rule_type != RULE_TYPE:
        raise NotSupportedError(f"rules of type {rule_type}")


def _source_type(source: Fields) -> str:
    source_type = source.text("type", one_of=SOURCES)
    if source_type not in SUPPORTED_SOURCES:
        raise NotSupportedError(f"rules for {source_type}")
    return source_type


def _status(fields: Fields) -> bool | None:
    status = fields.choice("status", STATUSES)
    return None if status is None else status == "enabled"


def _target(target: Fields) -> dict[str, Any]:
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
