"""The health check asks the port that the configuration says, and starts without pydantic."""

import subprocess
import sys

import pytest

from connector_task.config.health_port import from_environment

ASK = """
import sys
from connector_task.__main__ import main
status = main(["health"], {"CONNECTOR_HEALTH_PORT": sys.argv[1]})
print(status, "pydantic" in sys.modules)
"""


@pytest.mark.parametrize(
    ("text", "port"), [("8080", 8080), ("1", 1), ("65535", 65535), ("00080", 80)]
)
def test_a_usable_port_is_read(text: str, port: int) -> None:
    assert from_environment({"CONNECTOR_HEALTH_PORT": text}) == port


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "8080.0", "off", "²", "9" * 5000])
def test_what_else_there_is_is_for_the_whole_configuration_to_judge(text: str) -> None:
    assert from_environment({"CONNECTOR_HEALTH_PORT": text}) is None


def asked(port: str) -> tuple[str, str]:
    command = [sys.executable, "-c", ASK, port]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


def test_a_health_check_starts_without_pydantic() -> None:
    said, complaint = asked("1")
    assert said == "1 False"
    assert "no connector answers on port 1 [health-unreachable]" in complaint


def test_a_health_port_that_cannot_be_used_is_reported_with_the_rest() -> None:
    said, complaint = asked("65536")
    assert said == "2 True"
    assert 'CONNECTOR_HEALTH_PORT: must be a whole number from 0 to 65535, not "65536"' in complaint
    assert "DB_HOST: missing" in complaint
