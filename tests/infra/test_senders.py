"""Rules: whatever a service sends to a topic or queue is let in by its policy and by its key."""

from collections.abc import Iterator
from typing import Any

from tests.infra.senders import ACTIONS, BY_ROLE, KEYS, ONLY_NAMING, POLICIES, SENDERS
from tests.infra.synthesis import Part, Resource, Stage

OWN_ACCOUNT = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
NO_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def sent(stage: Stage) -> Iterator[tuple[str, Part]]:
    """Each service with each topic or queue that it sends to."""
    receivers = {part.identity: part for part in stage.of_type(*ACTIONS)}
    for part in stage.of_type(*SENDERS):
        sender = SENDERS[part.resource["Type"]]
        for name in sender.properties:
            for target in part.targets(name) & receivers.keys():
                yield sender.service, receivers[target]


def statements(stage: Stage, receiver: Part) -> list[Resource]:
    """Those of all resource policies of a topic or queue."""
    policy_type, names = POLICIES[receiver.resource["Type"]]
    return [
        statement
        for policy in stage.of_type(policy_type)
        if receiver.identity in policy.targets(names)
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if receiver.identity == policy.template.target(statement["Resource"])
    ]


def allows(statement: Resource, service: str, *actions: str) -> bool:
    """Whether a statement lets a service do all this for this account, and for no other."""
    allowed = statement["Action"]
    return bool(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": service}
        and set(actions) <= set([allowed] if isinstance(allowed, str) else allowed)
        and statement.get("Condition") == OWN_ACCOUNT
    )


def key_statements(stage: Stage, receiver: Part) -> list[Resource] | None:
    """Those of the policy of a topic's or queue's key; None without a key of KMS."""
    name = KEYS[receiver.resource["Type"]]
    if name not in receiver.properties:
        return None
    # AWS's own key, by its alias, has no policy that could be changed.
    (key,) = receiver.targets(name)
    policy: dict[str, Any] = stage.part(key).properties["KeyPolicy"]
    return list(policy["Statement"])


def test_an_alarm_is_sent_to_a_topic_in_every_set(option_set: Stage) -> None:
    assert ("cloudwatch.amazonaws.com", "AWS::SNS::Topic") in {
        (service, receiver.resource["Type"]) for service, receiver in sent(option_set)
    }


def test_the_policy_of_a_topic_or_queue_lets_each_service_in_that_sends_to_it(
    option_set: Stage,
) -> None:
    for service, receiver in sent(option_set):
        action = ACTIONS[receiver.resource["Type"]]
        allowing = [
            statement
            for statement in statements(option_set, receiver)
            if allows(statement, service, action)
        ]
        assert allowing, f"{service} may not {action} to {receiver.identity}"


def test_the_key_of_a_topic_or_queue_serves_each_service_that_sends_to_it(
    option_set: Stage,
) -> None:
    for service, receiver in sent(option_set):
        of_key = key_statements(option_set, receiver)
        needed = ("kms:Decrypt", "kms:GenerateDataKey*")
        assert of_key is None or [
            statement for statement in of_key if allows(statement, service, *needed)
        ], f"{service} may not use the key of {receiver.identity}"


def test_only_known_kinds_of_resources_have_to_do_with_topics_and_queues(
    option_set: Stage,
) -> None:
    receivers = {part.identity for part in option_set.of_type(*ACTIONS)}
    known = {*SENDERS, *BY_ROLE, *ONLY_NAMING}
    for part in option_set.parts:
        if part.targets() & receivers:
            assert part.resource["Type"] in known, (
                f"{part.identity}: say in tests/infra/senders.py in whose name it sends"
            )


def test_the_account_itself_keeps_its_rights(option_set: Stage) -> None:
    for receiver in option_set.of_type(*ACTIONS):
        denials = [
            statement
            for statement in statements(option_set, receiver)
            if statement["Effect"] == "Deny"
        ]
        assert [denial["Condition"] for denial in denials] == [NO_TLS]
    for key in option_set.of_type("AWS::KMS::Key"):
        first, *_ = key.properties["KeyPolicy"]["Statement"]
        assert (first["Effect"], first["Action"]) == ("Allow", "kms:*")
        assert ":root" in str(first["Principal"])


def test_a_function_may_send_to_its_dead_letters_and_receive_what_it_is_given(
    option_set: Stage,
) -> None:
    def may(part: Part, action: str, queue: str) -> bool:
        return any(
            action in statement["Action"] and queue in part.template.targets(statement["Resource"])
            for statement in part.template.statements_of(part.properties["Role"])
        )

    functions = {part.identity: part for part in option_set.of_type("AWS::Lambda::Function")}
    for function in functions.values():
        for queue in function.targets("DeadLetterConfig"):
            assert may(function, "sqs:SendMessage", queue)
    for mapping in option_set.of_type("AWS::Lambda::EventSourceMapping"):
        (queue,), (name,) = mapping.targets("EventSourceArn"), mapping.targets("FunctionName")
        for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
            assert may(functions[name], action, queue)


def test_cloudfront_and_nothing_else_reads_the_bucket_that_it_serves(option_set: Stage) -> None:
    for distribution in option_set.of_type("AWS::CloudFront::Distribution"):
        origins = distribution.properties["DistributionConfig"]["Origins"]
        served = {
            bucket
            for origin in origins
            if "S3OriginConfig" in origin
            for bucket in distribution.template.targets(origin["DomainName"])
        }
        assert served
        for bucket in served:
            (policy,) = [
                part
                for part in option_set.of_type("AWS::S3::BucketPolicy")
                if bucket in part.targets("Bucket")
            ]
            (allowed,) = [
                statement
                for statement in policy.properties["PolicyDocument"]["Statement"]
                if statement["Effect"] == "Allow" and "Service" in statement["Principal"]
            ]
            assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
            assert allowed["Action"] == "s3:GetObject"
            condition = allowed["Condition"]["StringEquals"]["AWS:SourceArn"]
            assert policy.template.targets(condition) == {distribution.identity}
