"""The command line as a person, a script or a container platform meets it."""

import json
import urllib.error
import urllib.request

import pytest

from connector_task.cli.arguments import COMMANDS
from local.system.ports import free_port
from tests.fixtures.connector import command, environment
from tests.fixtures.waiting import eventually
from tests.integration.connector.conftest import Site, Start

MEMORY_KB = 120 * 1024


def test_help_tells_every_command_and_the_exit_status() -> None:
    result = command("--help")
    assert result.returncode == 0
    for name in (*COMMANDS, "Exit status"):
        assert name in " ".join(result.stdout.split())


def test_a_configuration_with_problems_ends_with_2_and_all_of_them() -> None:
    result = command("run", variables={"DB_HOST": "x", "ABLY_API_KEY": "my-secret"})
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "the configuration cannot be used:",
        "  DB_PORT: missing",
        "  DB_USER: missing",
        "  DB_PASSWORD: missing",
        "  DB_NAME: missing",
        "  ABLY_CONNECTOR: missing",
        "  ABLY_API_KEY: must be an Ably API key of the form <app>.<key>:<secret>",
    ]
    assert "my-secret" not in result.stdout + result.stderr


def test_a_missing_table_ends_with_1_and_one_sentence(site: Site) -> None:
    site.connector = [{**site.connector[0], "tablename": "ghosts"}]
    for name in ("check", "install", "run"):
        result = command(name, variables=site.variables())
        assert result.returncode == 1
        assert result.stderr == "table ghosts does not exist [table-missing]\n"


def test_an_unreachable_database_ends_a_command_with_1_and_one_sentence(site: Site) -> None:
    variables = site.variables(DB_PORT=str(free_port()))
    result = command("status", variables=variables)
    assert result.returncode == 1
    assert "Connection refused" in result.stderr
    assert result.stderr.endswith("[database-unavailable]\n")
    assert "Traceback" not in result.stderr


def test_check_says_what_install_would_do_and_install_does_it(site: Site) -> None:
    site.sql("CREATE TABLE keyless (x int)")
    site.connector += [{**site.connector[0], "tablename": "keyless"}]
    before = command("check", variables=site.variables())
    assert before.returncode == 0
    assert "  public.users INSERT -> people" in before.stdout
    assert "warning: public.keyless has no primary key" in before.stdout
    assert "  create trigger users_notify_delete on public.users" in before.stdout
    assert site.sql("SELECT to_regnamespace('ably')") == [(None,)]
    installed = command("install", variables=site.variables())
    assert (installed.returncode, installed.stdout) == (
        0, "installed: 4 triggers created, 0 dropped\n",
    )  # fmt: skip
    after = command("check", variables=site.variables())
    assert after.stdout.endswith("everything is installed\n")


def test_check_and_install_warn_of_a_superuser_and_say_what_to_do(site: Site) -> None:
    variables = environment(site.superuser_url, site.ably, site.connector)
    told = command("check", variables=variables).stdout
    assert "warning: captures run as postgres, a superuser: " in told
    logged, done = command("install", variables=variables).stdout.splitlines()
    warning = json.loads(logged)
    assert (warning["level"], warning["action"], warning["role"]) == (
        "WARNING", "install", "postgres",
    )  # fmt: skip
    assert "install as a role that owns schema ably and the tables" in warning["hint"]
    assert done == "installed: 3 triggers created, 0 dropped"


def test_uninstall_is_refused_while_a_connector_runs(site: Site, start: Start) -> None:
    connector = start()
    connector.until("leading")
    refused = command("uninstall", variables=site.variables())
    assert refused.returncode == 1
    assert refused.stderr.startswith("a connector is running")
    connector.stop()
    done = command("uninstall", variables=site.variables())
    assert done.returncode == 0
    assert "your tables, their rows" in done.stdout


def test_without_install_a_database_that_is_not_ready_is_waited_for(
    site: Site, start: Start
) -> None:
    connector = start(CONNECTOR_INSTALL="false")
    waiting = connector.until("the database is unavailable")
    assert waiting["error_code"] == "not-installed"
    command("install", variables=site.variables())
    site.sql("INSERT INTO users VALUES (1)")
    site.until_published(1)


def test_status_shows_leader_backlog_retries_and_dead_letters(site: Site, start: Start) -> None:
    connector = start()
    connector.until("leading")
    site.sql("SELECT ably.publish('big', 'name', repeat('x', 70000))")
    connector.until("messages dead-lettered")
    site.ably.stop()
    site.sql("INSERT INTO users VALUES (1), (2)")
    connector.until("publish failed, trying again", count=2)
    lines = command("status", variables=site.variables()).stdout.splitlines()
    assert lines[0].startswith("leader:       pid ")
    assert " from 127.0.0.1 since 2" in lines[0]
    assert lines[1] == "backlog:      2 messages"
    assert lines[3] == "retrying:     1 channels"
    assert lines[4].startswith("  people: 2 messages, ")
    assert "ably-unreachable" in lines[4]
    assert lines[5] == "dead letters: 1"
    assert "big outbox id 1: 40009 the message has 70004 bytes, 65536 fit" in lines[6]
    assert "xxx" not in "\n".join(lines)
    state = json.loads(command("status", "--json", variables=site.variables()).stdout)
    (leader,) = state["leaders"]
    assert (leader["address"], leader["shard"]) == ("127.0.0.1", 0)
    assert state["backlog"]["messages"] == 2
    assert [(retry["channel"], retry["messages"]) for retry in state["retries"]] == [("people", 2)]
    assert state["dead_letter_count"] == 1
    assert [letter["error_code"] for letter in state["dead_letters"]] == ["40009"]


def test_health_is_good_while_ably_is_down_and_says_so(site: Site, start: Start) -> None:
    port = free_port()
    connector = start(CONNECTOR_HEALTH_PORT=str(port))
    connector.until("leading")
    site.ably.stop()
    site.sql("INSERT INTO users VALUES (1)")
    connector.until("publish failed, trying again")
    result = command("health", variables=site.variables(CONNECTOR_HEALTH_PORT=str(port)))
    assert result.returncode == 0
    answer = json.loads(result.stdout)
    assert (answer["status"], answer["role"]) == ("ok", "leader")
    assert answer["components"]["ably"] == {"status": "down", "error_code": "ably-unreachable"}
    assert answer["components"]["postgres"] == {"status": "ok"}


def test_health_is_good_while_postgres_is_awaited(site: Site, start: Start) -> None:
    port = free_port()
    connector = start(CONNECTOR_HEALTH_PORT=str(port), DB_PORT=str(free_port()))
    connector.until("unable to install yet, trying again")
    answer = json.loads(
        command("health", variables=site.variables(CONNECTOR_HEALTH_PORT=str(port))).stdout
    )
    assert answer["status"] == "ok"
    assert answer["components"]["postgres"]["status"] == "down"


def test_health_of_a_connector_that_is_not_there_is_bad(site: Site) -> None:
    variables = site.variables(CONNECTOR_HEALTH_PORT=str(free_port()))
    result = command("health", variables=variables)
    assert (result.returncode, "no connector answers" in result.stderr) == (1, True)


def test_the_health_endpoint_answers_nothing_else(start: Start) -> None:
    port = free_port()
    connector = start(CONNECTOR_HEALTH_PORT=str(port))
    connector.until("leading")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as response:
        assert response.status == 200
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/other")
    caught.value.close()
    assert caught.value.code == 404


def test_a_health_port_in_use_ends_it_with_a_sentence(start: Start) -> None:
    port = free_port()
    start(CONNECTOR_HEALTH_PORT=str(port)).until("leading")
    second = start(CONNECTOR_HEALTH_PORT=str(port))
    assert second.wait() == 1
    assert f"unable to answer health checks on port {port}" in second.output[-1]


def test_metrics_are_lines_that_cloudwatch_understands(site: Site, start: Start) -> None:
    connector = start(CONNECTOR_METRICS_SECONDS="0.5", STAGE="dev")
    connector.until("leading")
    site.sql("INSERT INTO users VALUES (1), (2), (3)")
    site.until_empty()

    def published() -> int:
        return sum(line["MessagesPublished"] for line in connector.lines if "_aws" in line)

    eventually(lambda: published() == 3, "three published messages in the metrics")
    measured = [line for line in connector.lines if "OutboxBacklog" in line]
    assert measured[-1]["stage"] == "dev"
    assert measured[-1]["service"] == "connector"
    assert measured[-1]["IsLeader"] == 1
    assert measured[-1]["OutboxBacklog"] == 0
    (directive,) = measured[-1]["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "AblyPostgres"
    assert directive["Dimensions"] == [["stage", "service"]]
    assert {metric["Name"] for metric in directive["Metrics"]} <= set(measured[-1])
    lags = [lag for line in connector.lines for lag in line.get("PublishLag", ())]
    assert len(lags) == 3
    assert all(0 < lag < 60_000 for lag in lags)


def test_a_batch_is_one_line_without_what_it_says(site: Site, start: Start) -> None:
    connector = start()
    connector.until("leading")
    site.sql("INSERT INTO users VALUES (1, 'private')")
    line = connector.until("batch published")
    assert line["action"] == "publish"
    assert (line["channel"], line["batch_size"], line["attempt"]) == ("people", 1, 1)
    assert line["lag_ms"] >= line["duration_ms"] >= 0
    said = "\n".join(connector.output)
    assert "private" not in said
    assert site.ably.api_key.split(":")[1] not in said


def test_it_rests_in_little_memory(start: Start) -> None:
    connector = start()
    connector.until("leading")
    with open(f"/proc/{connector.pid}/status") as status:  # noqa: PTH123  # no file of ours
        (resident,) = [line for line in status if line.startswith("VmRSS")]
    assert int(resident.split()[1]) < MEMORY_KB
