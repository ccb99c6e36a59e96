"""A rule of an Ably app as the stack defines it: its Control API form, and its equality.

Two rules are the same if they deliver the same messages to the same target: rule type, region,
function or queue, and channel filter. An update may change the role and the status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.ably_rule.errors import RuleRequestError

LAMBDA_RULE = "aws/lambda"
SQS_RULE = "aws/sqs"
_PLACES = {LAMBDA_RULE: ("FunctionName",), SQS_RULE: ("QueueName", "AwsAccountId")}
_API_NAMES = {
    "FunctionName": "functionName",
    "QueueName": "queueName",
    "AwsAccountId": "awsAccountId",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule as the stack defines it.

    Attributes:
        app_id: the Ably app that has the rule.
        channel_filter: RE2 over the whole channel name.
        place: the target's function, or queue and AWS account, under the Control API's names.
        role_arn: the role that Ably assumes to reach the target.
    """

    app_id: str
    rule_type: str
    channel_filter: str
    region: str
    place: Mapping[str, str]
    role_arn: str

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> "Rule":
        """Read a custom resource's properties.

        Raises:
            RuleRequestError: with every property that is missing.
        """
        rule_type = str(properties.get("RuleType", LAMBDA_RULE))
        if rule_type not in _PLACES:
            raise RuleRequestError(
                f"unable to create a rule of type {rule_type!r}; RuleType must be one of "
                f"{', '.join(_PLACES)}"
            )
        names = ("AppId", "ChannelFilter", "Region", "RoleArn", *_PLACES[rule_type])
        if missing := [name for name in names if not properties.get(name)]:
            raise RuleRequestError(
                f"unable to create the rule; its properties have no {', '.join(missing)}"
            )
        return cls(
            app_id=str(properties["AppId"]),
            rule_type=rule_type,
            channel_filter=str(properties["ChannelFilter"]),
            region=str(properties["Region"]),
            place={_API_NAMES[name]: str(properties[name]) for name in _PLACES[rule_type]},
            role_arn=str(properties["RoleArn"]),
        )

    def body(self) -> dict[str, Any]:
        """The whole rule, as POST and PATCH accept it."""
        target: dict[str, Any] = {
            "region": self.region,
            **self.place,
            "enveloped": True,
            "authentication": {
                "authenticationMode": "assumeRole",
                "assumeRoleArn": self.role_arn,
            },
        }
        if self.rule_type == SQS_RULE:
            target["format"] = "json"
        return {
            "ruleType": self.rule_type,
            "requestMode": "single",
            "status": "enabled",
            "source": {"channelFilter": self.channel_filter, "type": "channel.message"},
            "target": target,
        }

    def is_same(self, found: Mapping[str, Any]) -> bool:
        """Whether a rule of the Control API delivers the same messages to the same target."""
        source, target = found.get("source") or {}, found.get("target") or {}
        return bool(
            found.get("ruleType") == self.rule_type
            and source.get("type") == "channel.message"
            and source.get("channelFilter") == self.channel_filter
            and target.get("region") == self.region
            and all(target.get(name) == value for name, value in self.place.items())
        )

    def is_of_this_stack(self, found: Mapping[str, Any]) -> bool:
        """Whether it is the same rule with the stack's own role, which no other rule can name."""
        authentication = (found.get("target") or {}).get("authentication") or {}
        return self.is_same(found) and authentication.get("assumeRoleArn") == self.role_arn
