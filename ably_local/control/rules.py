"""The Control API's rules of type aws/lambda and http; it rejects other types by name."""

from typing import Any

from ably_local.auth.keys import random_id
from ably_local.base.errors import AblyError, NotSupportedError
from ably_local.control.targets import MODES, describe_target, parse_target
from ably_local.core.apps import App
from ably_local.core.rules import Rule, check_filter
from ably_local.http.exchange import Request, Response
from ably_local.http.fields import MAX_OF_EACH, Fields, find, wrong_method

SUPPORTED_SOURCES = ("channel.message", "channel.presence", "channel.lifecycle")
SOURCES = (*SUPPORTED_SOURCES, "channel.occupancy")
STATUSES = ("enabled", "disabled")


def handle(request: Request, app: App, rest: list[str]) -> Response:
    """Handle a request under /v1/apps/{app_id}/rules."""
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
            _change(app, rule, Fields(request.object()))
            rule.modified_ms = app.clock.now_ms()
            return Response(value=describe(rule))
        case "DELETE", [rule_id]:
            find(app.rules, rule_id)
            del app.rules[rule_id]
            return Response(status=204)
    raise wrong_method()


def describe(rule: Rule) -> dict[str, Any]:
    """A rule as the Control API shows it: without the secret access key."""
    return {
        "id": rule.id,
        "appId": rule.app_id,
        "version": "1.2",
        "status": "enabled" if rule.enabled else "disabled",
        "ruleType": rule.rule_type,
        "requestMode": rule.request_mode,
        "source": {"channelFilter": rule.channel_filter, "type": rule.source_type},
        "target": describe_target(rule.target),
        "created": rule.created_ms,
        "modified": rule.modified_ms,
        "_links": {"self": f"/v1/apps/{rule.app_id}/rules/{rule.id}"},
    }


def _create(app: App, fields: Fields) -> Rule:
    if len(app.rules) >= MAX_OF_EACH:
        raise AblyError(40125, 422, "maximum number of rules per application exceeded")
    rule_type = _rule_type(fields)
    mode = fields.text("requestMode", one_of=MODES[rule_type])
    enabled = _status(fields)
    source = fields.section("source")
    channel_filter = check_filter(source.take("channelFilter", str) or "")
    source_type = _source_type(source)
    source.done()
    target = parse_target(app, rule_type, mode, fields.section("target"))
    fields.done()
    now = app.clock.now_ms()
    rule = Rule(
        id=random_id(6),
        app_id=app.id,
        rule_type=rule_type,
        request_mode=mode,
        source_type=source_type,
        channel_filter=channel_filter,
        target=target,
        enabled=enabled is not False,
        created_ms=now,
        modified_ms=now,
    )
    app.rules[rule.id] = rule
    return rule


def _change(app: App, rule: Rule, fields: Fields) -> None:
    if _rule_type(fields) != rule.rule_type:
        raise AblyError(40000, 422, "ruleType cannot be changed")
    mode = rule.request_mode
    if fields.choice("requestMode", MODES[rule.rule_type]) not in (None, mode):
        raise NotSupportedError("a change of requestMode")
    enabled = _status(fields)
    channel_filter, source_type = rule.channel_filter, rule.source_type
    if fields.has("source"):
        source = fields.section("source")
        given = source.take("channelFilter", str)
        channel_filter = channel_filter if given is None else check_filter(given)
        source_type = _source_type(source) if source.has("type") else source_type
        source.done()
    target = rule.target
    if fields.has("target"):
        target = parse_target(app, rule.rule_type, mode, fields.section("target"))
    fields.done()
    rule.enabled = rule.enabled if enabled is None else enabled
    rule.channel_filter, rule.source_type, rule.target = channel_filter, source_type, target


def _rule_type(fields: Fields) -> str:
    rule_type = fields.text("ruleType")
    if rule_type not in MODES:
        raise NotSupportedError(f"rules of type {rule_type}")
    return rule_type


def _source_type(source: Fields) -> str:
    source_type = source.text("type", one_of=SOURCES)
    if source_type not in SUPPORTED_SOURCES:
        raise NotSupportedError(f"rules for {source_type}")
    return source_type


def _status(fields: Fields) -> bool | None:
    status = fields.choice("status", STATUSES)
    return None if status is None else status == "enabled"
