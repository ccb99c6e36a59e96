"""How the settings of a stage are read, and what is said when they are wrong."""

import json
import re
from pathlib import Path

import pytest

from infra.settings.fields import STAGES, ConfigError
from infra.settings.stage import StageConfig, declared_settings

ROOT = Path(__file__).parents[3]
WEB_ACL = f"arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/{'a' * 36}"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ably/key-AbC123"


def problems(**context: object) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        StageConfig.from_context({"stage": "dev", **context})
    return caught.value.problems


def test_a_stage_needs_no_settings() -> None:
    dev = StageConfig.from_context({"stage": "dev", "stages": {"dev": {}}})
    prod = StageConfig.from_context({"stage": "prod"})
    assert (dev.connector_desired_count, prod.connector_desired_count) == (1, 2)
    assert (dev.protect_data, prod.protect_data) == (False, True)
    assert dev.ably_external_id is None


def test_the_command_line_wins_over_the_file_and_the_file_over_the_default() -> None:
    context = {
        "stage": "dev",
        "stages": {"dev": {"nat_gateways": 2, "database_backup_days": 7}},
        "database_backup_days": "9",
    }
    config = StageConfig.from_context(context)
    assert (config.nat_gateways, config.database_backup_days) == (2, 9)
    assert config.database_storage_gib == 20


def test_another_stages_settings_are_not_read() -> None:
    context = {"stage": "dev", "stages": {"prod": {"nat_gateways": 2}}}
    assert StageConfig.from_context(context).nat_gateways == 1


@pytest.mark.parametrize("value", ["true", True])
def test_a_flag_is_the_same_from_the_file_and_from_the_command_line(value: object) -> None:
    context = {"stage": "dev", "protect_data": value}
    assert StageConfig.from_context(context).protect_data is True


@pytest.mark.parametrize(
    "value",
    ["https://a.example,http://localhost:5173", ["https://a.example", "http://localhost:5173"]],
)
def test_a_list_is_the_same_from_the_file_and_from_the_command_line(value: object) -> None:
    config = StageConfig.from_context({"stage": "dev", "allowed_origins": value})
    assert config.allowed_origins == ("https://a.example", "http://localhost:5173")


@pytest.mark.parametrize("value", ["none", None])
def test_none_unsets_a_setting(value: object) -> None:
    context = {"stage": "prod", "ingest_reserved_concurrency": value}
    assert StageConfig.from_context(context).ingest_reserved_concurrency is None


def test_the_external_id_is_made_of_account_and_app() -> None:
    context = {"stage": "dev", "ably_account_id": "acct12", "ably_app_id": "aBCdEf"}
    assert StageConfig.from_context(context).ably_external_id == "acct12.aBCdEf"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "-c stage=dev or -c stage=prod; `make bootstrap STAGE=dev`"),
        ("test", "-c stage=dev or -c stage=prod, not 'test'; `make bootstrap STAGE=dev`"),
    ],
)
def test_a_stage_must_be_chosen(given: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StageConfig.from_context({"stage": given})
    (problem,) = caught.value.problems
    assert problem.startswith(f"stage must be chosen by {said}")


@pytest.mark.parametrize("stages", [[], "dev", {"dev": ["nat_gateways"]}])
def test_settings_in_the_file_must_be_an_object(stages: object) -> None:
    (sentence,) = problems(stages=stages)
    assert sentence == '"stages" → "dev" in cdk.json must be an object of settings.'


WRONG = {
    "arch": "amd64",
    "python": "3.9",
    "log_level": "TRACE",
    "log_retention_days": "10",
    "bootstrap_qualifier": "Team_1",
    "protect_data": "yes",
    "nat_gateways": "3",
    "vpc_endpoints": "sqs,s3",
    "vpc_flow_logs": "1",
    "database_instance_class": "db.t4g.micro",
    "database_storage_gib": "5",
    "database_max_storage_gib": "21",
    "database_multi_az": "",
    "database_backup_days": "36",
    "database_insights": "on",
    "rds_proxy": "1",
    "function_memory_mb": "64",
    "ingest_timeout_seconds": "901",
    "ingest_retry_attempts": "3",
    "ingest_max_event_age_seconds": "59",
    "ingest_reserved_concurrency": "0",
    "ingest_max_content_bytes": "16k",
    "ingest_max_username_bytes": "-1",
    "token_ttl_seconds": "59",
    "history_max_limit": "1001",
    "allowed_origins": "*",
    "api_rate_per_second": "0",
    "api_burst_count": "1.5",
    "connector_desired_count": "11",
    "connector_cpu_units": "300",
    "connector_memory_mb": "256",
    "connector_shards": "33",
    "connector_stop_timeout_seconds": "121",
    "container_insights": "on",
    "outgoing_channel": "out going",
    "incoming_channel": "[meta]log",
    "ably_plan": "enterprise",
    "ably_account_id": "a b",
    "ably_app_id": "a.b",
    "ably_api_key_secret_arn": "aBCdEf.key:hush",
    "ably_control_token_secret": "hushhush",
    "ably_control_api_url": "http://control.example.com/v1",
    "ingest_source": "kinesis",
    "ingest_batch_size": "0",
    "ingest_batch_window_seconds": "301",
    "auth_mode": "none",
    "jwt_issuer": "http://login.example.com",
    "jwt_audience": "a b",
    "alarm_email": "nobody",
    "alarm_ingest_errors": "-1",
    "alarm_event_age_seconds": "0",
    "alarm_rejects": "few",
    "alarm_database_cpu_percent": "101",
    "alarm_database_free_gib": "0",
    "alarm_database_connections": "0",
    "alarm_outbox_age_seconds": "0",
    "alarm_publish_lag_ms": "0",
    "alarm_publish_failures": "-1",
    "alarm_api_errors": "-1",
    "page": "yes",
    "page_domain": "https://chat.example.com",
    "page_certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/" + "a" * 36,
    "page_web_acl_arn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/a/" + "a" * 36,
}


def test_there_is_a_wrong_value_for_every_knob() -> None:
    assert set(WRONG) == set(declared_settings())


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_gets_one_sentence_that_names_the_setting(name: str) -> None:
    (sentence,) = problems(**{name: WRONG[name]})
    assert sentence.startswith(f"{name} must be ")
    assert sentence.endswith(".")


def test_everything_wrong_is_said_at_once() -> None:
    said = problems(**WRONG, nat_gateway="1")
    assert len(said) == len(WRONG) + 1


def test_an_api_key_pasted_where_its_secrets_arn_belongs_is_not_repeated() -> None:
    for name in ("ably_api_key_secret_arn", "ably_control_token_secret"):
        assert "hush" not in "".join(problems(**{name: "aBCdEf.key:hush"}))


@pytest.mark.parametrize("arn", [ARN[:-7], ARN.replace("secretsmanager", "ssm"), f"{ARN}*"])
def test_a_secrets_arn_must_be_complete(arn: str) -> None:
    (sentence,) = problems(ably_api_key_secret_arn=arn)
    assert "complete ARN" in sentence


def test_a_misspelt_setting_is_named_with_what_was_probably_meant() -> None:
    assert problems(nat_gatways="2") == (
        "nat_gatways is not a setting; did you mean nat_gateways?",
    )
    assert problems(stages={"dev": {"nat_gatways": 2}}) == (
        'nat_gatways in "stages" → "dev" of cdk.json is not a setting; did you mean nat_gateways?',
    )


def test_the_cdks_own_context_is_no_setting() -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    own = {"aws:cdk:bundling-stacks": ["**"], "availability-zones:account=1:region=x": ["xa"]}
    StageConfig.from_context({**context, **own, "stage": "dev"})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"protect_data": "true", "database_backup_days": "0"},
            "protect_data=true needs database_backup_days of 1 or more",
        ),
        (
            {"connector_cpu_units": "1024"},
            "connector_memory_mb must be one of 2048, 3072, 4096, 5120, 6144, 7168, 8192 where",
        ),
        ({"api_rate_per_second": "200"}, "api_burst_count (100) must not be below"),
        (
            {"outgoing_channel": "chat", "incoming_channel": "chat"},
            "outgoing_channel and incoming_channel must differ, both are 'chat'",
        ),
        ({"ably_app_id": "aBCdEf"}, "ably_account_id and ably_app_id must be set together"),
        ({"ably_control_token_secret": "create"}, "ably_control_token_secret needs ably_account_"),
        (
            {"auth_mode": "jwt", "jwt_issuer": "https://a.example", "jwt_audience": "a"},
            "auth_mode=jwt needs page=false",
        ),
        ({"alarm_database_free_gib": "20"}, "alarm_database_free_gib (20) must be below database_"),
        ({"page_domain": "a.example"}, "page_domain and page_certificate_arn must be set together"),
        (
            {"page": "false", "page_web_acl_arn": WEB_ACL},
            "page_domain and page_web_acl_arn need page=true",
        ),
        ({"auth_mode": "jwt", "page": "false"}, "auth_mode=jwt needs jwt_issuer and jwt_audience"),
        ({"jwt_audience": "chat"}, "jwt_issuer and jwt_audience need auth_mode=jwt"),
        ({"nat_gateways": "0"}, "nat_gateways=0 needs vpc_endpoints to name secretsmanager and"),
        (
            {"database_storage_gib": "40"},
            "database_max_storage_gib (40) must be at least a tenth above database_storage_gib",
        ),
        ({"ingest_batch_size": "11"}, "ingest_batch_size=11 needs ingest_batch_window_seconds of"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    settings: dict[str, str], said: str
) -> None:
    (sentence,) = problems(**settings)
    assert sentence.startswith(said)


def test_the_document_lists_every_knob_with_its_defaults() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    section = text.partition("## AWS stages")[2].partition("\n## ")[0]
    documented = {
        name: {"dev": dev, "prod": prod}
        for name, dev, prod in re.findall(
            r"^\| `(\w+)` \| `([^`]+)` \| `([^`]+)` \|", section, re.MULTILINE
        )
    }
    assert documented == {
        name: {stage: rules.defaults[stage] for stage in STAGES}
        for name, rules in declared_settings().items()
    }
