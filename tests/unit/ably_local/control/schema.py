"""The response schemas of the Control API, restated from Ably's public description.

An object lists all of its possible fields: no object of the API accepts others.
"""

from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any

Problems = Iterator[str]
Shape = Callable[[str, Any], Problems]


def check(shape: Shape, value: Any) -> None:
    """Check that a value has this shape; the failure lists all problems."""
    problems = list(shape("answer", value))
    assert not problems


def of(*kinds: type) -> Shape:
    """A value of one of these types; a boolean does not count as a number."""

    def shape(path: str, value: Any) -> Problems:
        if type(value) not in kinds:
            yield f"{path} is {value!r}"

    return shape


def among(*values: Any) -> Shape:
    """One of these values."""

    def shape(path: str, value: Any) -> Problems:
        if value not in values:
            yield f"{path} is {value!r}"

    return shape


def many(item: Shape) -> Shape:
    """A list of items of this shape."""

    def shape(path: str, value: Any) -> Problems:
        yield from of(list)(path, value)
        for index, each in enumerate(value):
            yield from item(f"{path}[{index}]", each)

    return shape


def by_name(item: Shape) -> Shape:
    """An object with any field names, whose values have this shape."""

    def shape(path: str, value: Any) -> Problems:
        yield from of(dict)(path, value)
        for name, each in value.items():
            yield from item(f"{path}.{name}", each)

    return shape


def closed(required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    """An object with only these fields."""
    fields = {**required, **(optional or {})}

    def shape(path: str, value: Any) -> Problems:
        yield from of(dict)(path, value)
        yield from (f"{path}.{name} is missing" for name in required.keys() - value.keys())
        for name, each in value.items():
            if name in fields:
                yield from fields[name](f"{path}.{name}", each)
            else:
                yield f"{path}.{name} is not documented"

    return shape


STRING, INTEGER, BOOLEAN = of(str), of(int), of(bool)
MAYBE_STRING, MAYBE_BOOLEAN, MAYBE_OBJECT = (
    of(str, NoneType),
    of(bool, NoneType),
    of(dict, NoneType),
)
STATUS = among("enabled", "disabled")
STAMPS = {"created": INTEGER, "modified": INTEGER}

ERROR = closed(
    {"message": STRING, "code": INTEGER, "statusCode": INTEGER, "href": STRING},
    {"details": MAYBE_OBJECT},
)
ME = closed(
    {
        "token": closed(
            {
                "id": STRING,
                "name": STRING,
                "capabilities": many(STRING),
                "expires_at": MAYBE_STRING,
                "last_used_at": MAYBE_STRING,
            }
        ),
        "user": closed({"id": INTEGER, "email": STRING}),
        "account": closed({"id": STRING, "name": STRING}),
    }
)
APP = closed(
    {"accountId": STRING, "id": STRING, "name": STRING, "status": STATUS, **STAMPS},
    {
        "tlsOnly": MAYBE_BOOLEAN,
        "apnsUseSandboxEndpoint": MAYBE_BOOLEAN,
        "apnsAuthType": among("certificate", "token", None),
        "apnsCertificateConfigured": BOOLEAN,
        "apnsSigningKeyConfigured": BOOLEAN,
        "apnsIssuerKey": MAYBE_STRING,
        "apnsSigningKeyId": MAYBE_STRING,
        "apnsTopicHeader": MAYBE_STRING,
        "fcmProjectId": MAYBE_STRING,
        "fcmServiceAccountConfigured": BOOLEAN,
        "_links": MAYBE_OBJECT,
    },
)
KEY = closed(
    {
        "appId": STRING,
        "id": STRING,
        "name": STRING,
        "status": among(0, 1),
        "key": STRING,
        "capability": by_name(many(STRING)),
        **STAMPS,
    },
    {"revocableTokens": MAYBE_BOOLEAN},
)
NAMESPACE = closed(
    {"appId": STRING, "id": STRING, "persisted": BOOLEAN, **STAMPS},
    {
        "authenticated": BOOLEAN,
        "persistLast": BOOLEAN,
        "pushEnabled": BOOLEAN,
        "tlsOnly": BOOLEAN,
        "exposeTimeserial": BOOLEAN,
        "mutableMessages": BOOLEAN,
        "populateChannelRegistry": BOOLEAN,
        "batchingEnabled": BOOLEAN,
        "batchingInterval": INTEGER,
        "conflationEnabled": BOOLEAN,
        "conflationInterval": INTEGER,
        "conflationKey": STRING,
    },
)


def rule_of(rule_type: str, target: Shape) -> Shape:
    """A rule with a target of this shape."""
    return closed(
        {
            "id": STRING,
            "appId": STRING,
            "version": STRING,
            "status": STATUS,
            "ruleType": among(rule_type),
            "requestMode": among("single", "batch"),
            "source": closed({"channelFilter": STRING, "type": STRING}),
            "target": target,
            **STAMPS,
        },
        {"_links": MAYBE_OBJECT},
    )


def _authentication(path: str, value: Any) -> Problems:
    by_mode = {
        "credentials": closed({"authenticationMode": STRING, "accessKeyId": STRING}),
        "assumeRole": closed({"authenticationMode": STRING, "assumeRoleArn": STRING}),
    }
    yield from by_mode[value["authenticationMode"]](path, value)


LAMBDA_RULE = rule_of(
    "aws/lambda",
    closed(
        {"region": STRING, "functionName": STRING, "authentication": _authentication},
        {"enveloped": MAYBE_BOOLEAN, "format": STRING},
    ),
)
HTTP_RULE = rule_of(
    "http",
    closed(
        {"url": STRING, "format": STRING},
        {
            "headers": many(closed({"name": STRING, "value": STRING})),
            "signingKeyId": MAYBE_STRING,
            "enveloped": MAYBE_BOOLEAN,
        },
    ),
)
