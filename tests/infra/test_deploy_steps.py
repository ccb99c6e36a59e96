"""Rules: what our own custom resources need, so that a deploy and its rollback come to an end."""

from collections.abc import Iterator

from tests.infra.synthesis import Part, Stage

OURS = ("Custom::AblyRule", "Custom::DeployStep")


def served(stage: Stage) -> Iterator[tuple[Part, Part]]:
    """Each custom resource of ours with the function that serves it."""
    for resource in stage.of_type(*OURS):
        (function,) = resource.targets("ServiceToken")
        yield resource, stage.part(function)


def test_the_key_is_checked_and_the_schema_migrated_in_every_set(option_set: Stage) -> None:
    assert len(option_set.of_type("Custom::DeployStep")) == 2


def test_no_step_is_one_of_the_cdks_that_fails_a_rollback(option_set: Stage) -> None:
    assert not option_set.of_type("Custom::Trigger")


def test_whoever_serves_a_custom_resource_sees_whether_its_stack_is_rolled_back(
    option_set: Stage,
) -> None:
    for _, function in served(option_set):
        # In the VPC there may be no way to CloudFormation.
        assert "VpcConfig" not in function.properties
        assert {
            "Action": "cloudformation:DescribeStacks",
            "Effect": "Allow",
            "Resource": {"Ref": "AWS::StackId"},
        } in function.template.statements_of(function.properties["Role"])


def test_a_custom_resource_waits_for_its_function_and_the_functions_rights(
    option_set: Stage,
) -> None:
    for resource, function in served(option_set):
        logical_id = function.identity.partition("/")[2]
        assert logical_id in resource.resource["DependsOn"]
        assert any("RoleDefaultPolicy" in name for name in function.resource["DependsOn"])


def test_every_timeout_is_heard_by_whoever_waits(option_set: Stage) -> None:
    for resource, function in served(option_set):
        assert function.properties["Timeout"] < int(resource.properties["ServiceTimeout"]) < 3600
    for step, handler in steps(option_set):
        (runner,) = step.targets("ServiceToken")
        # A minute or two for rights that are new, and for the answer.
        assert handler.properties["Timeout"] + 120 < option_set.part(runner).properties["Timeout"]


def test_the_function_that_runs_the_steps_may_invoke_these_and_no_others(option_set: Stage) -> None:
    handlers = {handler.identity for _, handler in steps(option_set)}
    runners = {runner for step, _ in steps(option_set) for runner in step.targets("ServiceToken")}
    (runner,) = map(option_set.part, runners)
    invoked = [
        statement["Resource"]
        for statement in runner.template.statements_of(runner.properties["Role"])
        if "lambda:InvokeFunction" in statement["Action"]
    ]
    assert runner.template.targets(invoked) == handlers
    assert str(invoked).count(":*") == len(handlers)


def steps(stage: Stage) -> Iterator[tuple[Part, Part]]:
    """Each step of a deploy with the function that it runs."""
    for step in stage.of_type("Custom::DeployStep"):
        (version,) = step.targets("HandlerArn")
        (handler,) = stage.part(version).targets("FunctionName")
        yield step, stage.part(handler)
