"""The stacks of both stages, synthesized once."""

import pytest

from tests.infra.synthesis import Stage, synthesize


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Stage dev with nothing configured."""
    return synthesize(tmp_path_factory.mktemp("dev"), "dev")


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Stage prod with all that can be configured."""
    return synthesize(
        tmp_path_factory.mktemp("prod"),
        "prod",
        ably_account_id="acct12",
        ably_app_id="aBCdEf",
        ably_api_key_secret_arn=(
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ably/key-AbC123"
        ),
        allowed_origins="https://chat.example.com,http://localhost:5173",
        ably_control_token_secret=(
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ably/token-AbC123"
        ),
        alarm_email="ops@example.com",
        page_domain="chat.example.com",
        page_certificate_arn=(
            "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
        ),
        page_web_acl_arn=(
            "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chat/"
            "01234567-89ab-cdef-0123-456789abcdef"
        ),
        arch="x86_64",
        python="3.14",
    )


@pytest.fixture(scope="session")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Stage dev by the other choices: a queue before ingest, a rule made by hand, a login.

    No NAT gateway but endpoints, and RDS Proxy before the database.
    """
    return synthesize(
        tmp_path_factory.mktemp("queued"),
        "dev",
        ably_account_id="acct12",
        ably_app_id="aBCdEf",
        nat_gateways="0",
        vpc_endpoints="ecr,logs,secretsmanager,sqs",
        rds_proxy="true",
        ingest_source="sqs",
        ingest_batch_size="100",
        ingest_batch_window_seconds="1",
        ingest_reserved_concurrency="5",
        page="false",
        auth_mode="jwt",
        jwt_issuer="https://login.example.com/",
        jwt_audience="chat,chat-admin",
        allowed_origins="https://chat.example.com",
    )
