"""Where the CDK's own functions log, those behind its custom resources.

Left alone, each gets a log group at its first line that never expires and that no stack removes.
The one that sets retentions for RDS is left alone: it gives its own group a day by itself.
"""

import aws_cdk as cdk
from aws_cdk import aws_logs as logs


def log_to(group: logs.ILogGroup, stack: cdk.Stack) -> None:
    """Have every custom resource provider of the stack log to this group."""
    for child in stack.node.children:
        handler = child.node.try_find_child("Handler")
        if isinstance(handler, cdk.CfnResource) and (
            handler.cfn_resource_type == "AWS::Lambda::Function"
        ):
            handler.add_property_override("LoggingConfig", {"LogGroup": group.log_group_name})
