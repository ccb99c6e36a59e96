"""Ably's side of the ingest: its role, and the rule, or what to enter to make the rule by hand."""

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.ingest.ably_access import AblyAccess
from infra.ingest.ably_rule import AblyRule, channel_filter
from infra.ingest.rule_target import RuleTarget
from infra.settings.stage import StageConfig


class AblyIntegration(Construct):
    """Lets one app of one Ably account hand messages to one target."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: StageConfig,
        target: RuleTarget,
        control_token: secretsmanager.ISecret | None,
    ) -> None:
        super().__init__(scope, construct_id)
        if config.ably_external_id is None:
            cdk.Annotations.of(self).add_warning_v2(
                "ably-postgres:no-ably-identity",
                "ably_account_id and ably_app_id are not set: there is no role for Ably to assume, "
                "so no message will arrive.",
            )
            return
        access = AblyAccess(
            self,
            "Access",
            external_id=config.ably_external_id,
            actions=target.actions,
            resource=target.arn,
        )
        if control_token is None:
            self._say_what_to_enter(config, target, access)
            return
        rule = AblyRule(
            self,
            "Rule",
            config=config,
            token=control_token,
            role=access.role,
            target=target.properties,
        )
        self._add_output(
            "AblyRuleId", rule.rule_id, "The rule that this deploy has made in the Ably app"
        )

    def _say_what_to_enter(
        self, config: StageConfig, target: RuleTarget, access: AblyAccess
    ) -> None:
        rule = f"Ably dashboard, Integrations, {target.dashboard_name} rule:"
        self._add_output("AblyRuleRegion", cdk.Stack.of(self).region, f"{rule} region")
        for name, (label, value) in target.dashboard_fields.items():
            self._add_output(name, value, f"{rule} {label}")
        self._add_output(
            "AblyRuleRoleArn", access.role.role_arn, f"{rule} ARN of the role to assume"
        )
        self._add_output(
            "AblyRuleChannelFilter",
            channel_filter(config),
            f"{rule} channel filter; event type Message, enveloped, single requests",
        )

    def _add_output(self, name: str, value: str, description: str) -> None:
        cdk.CfnOutput(cdk.Stack.of(self), name, value=value, description=description)
