"""Where Ably's rule hands messages over: the ingest function itself, or a queue in front of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs


@dataclass(frozen=True, kw_only=True)
class RuleTarget:
    """One target of a rule.

    Attributes:
        arn: the one resource that Ably's role may use.
        actions: what it may do with it.
        properties: the target's part of the custom resource's properties.
        dashboard_name: what Ably's dashboard calls this kind of rule.
        dashboard_fields: output name to the dashboard's label and the value to enter.
    """

    arn: str
    actions: tuple[str, ...]
    properties: Mapping[str, str]
    dashboard_name: str
    dashboard_fields: Mapping[str, tuple[str, str]]

    @classmethod
    def of_function(cls, function: lambda_.IFunction) -> "RuleTarget":
        """Ably invokes the function, once per message."""
        name = function.function_name
        return cls(
            arn=function.function_arn,
            actions=("lambda:InvokeFunction", "lambda:InvokeAsync"),
            properties={"RuleType": "aws/lambda", "FunctionName": name},
            dashboard_name="AWS Lambda",
            dashboard_fields={"AblyRuleFunction": ("function name", name)},
        )

    @classmethod
    def of_queue(cls, queue: sqs.IQueue) -> "RuleTarget":
        """Ably sends each message to the queue; AWS has no own name for its batch action."""
        account = cdk.Stack.of(queue).account
        return cls(
            arn=queue.queue_arn,
            actions=("sqs:SendMessage",),
            properties={
                "RuleType": "aws/sqs",
                "QueueName": queue.queue_name,
                "AwsAccountId": account,
            },
            dashboard_name="AWS SQS",
            dashboard_fields={
                "AblyRuleQueue": ("queue name", queue.queue_name),
                "AblyRuleAccount": ("AWS account id", account),
            },
        )
