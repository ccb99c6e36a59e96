"""Secrets: kept for a while, read again, and served on through an outage of Secrets Manager."""

import pytest

from lambdas.common.errors import SecretUnavailableError
from lambdas.common.secrets import Secrets
from tests.fixtures.aws import Aws

TTL_SECONDS = 300


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(clock: Clock) -> Secrets:
    return Secrets(ttl_seconds=TTL_SECONDS, clock=clock)


def test_a_value_is_kept_for_its_time_and_then_read_again(
    aws: Aws, secrets: Secrets, clock: Clock
) -> None:
    arn = aws.create_secret("key", "old")
    assert secrets.get(arn) == "old"
    aws.secrets.put_secret_value(SecretId=arn, SecretString="new")
    clock.now = TTL_SECONDS - 1
    assert secrets.get(arn) == "old"
    clock.now = TTL_SECONDS
    assert secrets.get(arn) == "new"


def test_a_value_can_be_read_before_its_time(aws: Aws, secrets: Secrets) -> None:
    arn = aws.create_secret("key", "old")
    assert secrets.get(arn) == "old"
    aws.secrets.put_secret_value(SecretId=arn, SecretString="new")
    assert secrets.read(arn) == "new"
    assert secrets.get(arn) == "new"


def test_the_kept_value_serves_on_while_secrets_manager_fails(
    aws: Aws, secrets: Secrets, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    arn = aws.create_secret("key", "hunter2")
    assert secrets.get(arn) == "hunter2"
    aws.secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    clock.now = TTL_SECONDS
    assert secrets.get(arn) == "hunter2"
    [record] = [record for record in caplog.records if "action" in vars(record)]
    assert vars(record)["error_code"] == "secret_unavailable"
    assert "hunter2" not in str(vars(record))


def test_a_secret_that_was_never_read_is_an_error_with_aws_s_code(
    aws: Aws, secrets: Secrets
) -> None:
    arn = aws.create_secret("key", "x")
    aws.secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    with pytest.raises(SecretUnavailableError, match=r"^unable to read a secret; ResourceNotFound"):
        secrets.get(arn)


def test_a_secret_that_is_still_empty_is_said(aws: Aws, secrets: Secrets) -> None:
    arn = aws.secrets.create_secret(Name="binary", SecretBinary=b"x")["ARN"]
    with pytest.raises(SecretUnavailableError, match="it has no string value"):
        secrets.get(arn)
