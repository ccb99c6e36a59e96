"""The rule: made by the deploy where there is a token, told field by field where there is none."""

from lambdas.ably_rule.rule import Rule
from lambdas.ably_rule.settings import RuleSettings
from tests.infra.synthesis import Stage

TOKEN_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ably/token-AbC123"


def test_the_deploy_makes_the_rule_that_the_function_understands(prod: Stage) -> None:
    (rule,) = prod.service.of_type("Custom::AblyRule").values()
    properties = rule["Properties"]
    known = {key: value if isinstance(value, str) else "known" for key, value in properties.items()}
    wanted = Rule.from_properties(known)
    assert (wanted.app_id, wanted.channel_filter) == ("aBCdEf", "^outgoing-chat$")
    assert wanted.rule_type == "aws/lambda"
    assert "Ingest" in properties["FunctionName"]["Ref"]
    assert "AblyAccessRole" in properties["RoleArn"]["Fn::GetAtt"][0]
    assert properties["Region"] == {"Ref": "AWS::Region"}


def test_a_function_that_never_answers_does_not_hold_the_deploy_for_an_hour(prod: Stage) -> None:
    (rule,) = prod.service.of_type("Custom::AblyRule").values()
    timeout = prod.service.function("ably_rule")["Timeout"]
    assert timeout < int(rule["Properties"]["ServiceTimeout"]) < 3600


def test_the_rule_is_made_after_what_it_needs(prod: Stage) -> None:
    (rule,) = prod.service.of_type("Custom::AblyRule").values()
    resources = prod.service.resources
    policies = [name for name in prod.service.of_type("AWS::IAM::Policy") if "AblyAccess" in name]
    functions = [
        name
        for name in prod.service.of_type("AWS::Lambda::Function")
        if name.startswith(("Ingest", "AblyRule"))
    ]
    invoke = list(prod.service.of_type("AWS::Lambda::EventInvokeConfig"))
    assert len(policies + functions) == 3
    assert set(policies + functions + invoke) <= set(rule["DependsOn"])
    (own,) = [name for name in functions if name.startswith("AblyRule")]
    assert any("DefaultPolicy" in name for name in resources[own]["DependsOn"])


def test_the_function_that_makes_the_rule_reads_the_token_and_nothing_else(prod: Stage) -> None:
    function = prod.service.function("ably_rule")
    settings = RuleSettings.parse(function["Environment"]["Variables"])
    assert settings.token_secret_arn == TOKEN_ARN
    assert settings.control_api_url == "https://control.ably.net/v1"
    assert "VpcConfig" not in function
    (read,) = [
        statement
        for statement in prod.service.statements_of(function["Role"])
        if "secretsmanager:GetSecretValue" in statement["Action"]
    ]
    assert read["Resource"] == TOKEN_ARN


def test_without_a_token_there_is_no_rule_and_the_outputs_say_what_to_enter(
    dev: Stage, queued: Stage
) -> None:
    for stage in (dev, queued):
        assert not stage.service.of_type("Custom::AblyRule")
        assert not [name for name in stage.stateful.resources if "ControlToken" in name]
    outputs = queued.service.outputs
    assert outputs["AblyRuleRegion"]["Value"] == {"Ref": "AWS::Region"}
    assert "IngestQueuesMessages" in str(outputs["AblyRuleQueue"]["Value"])
    assert outputs["AblyRuleAccount"]["Value"] == {"Ref": "AWS::AccountId"}
    assert "AblyAccess" in outputs["AblyRuleRoleArn"]["Value"]["Fn::GetAtt"][0]
    assert outputs["AblyRuleChannelFilter"]["Value"] == "^outgoing-chat$"
    assert "AWS SQS rule" in outputs["AblyRuleQueue"]["Description"]
