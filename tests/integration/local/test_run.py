"""`python -m local` as a process: its start, the state that it keeps, its end."""

import json
import os
import signal
import socket
import stat
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from local.reaper import MARK_VARIABLE
from tests.fixtures.local_run import (
    ROOT,
    STOP_SECONDS,
    LocalRun,
    RunLocal,
    assert_gone,
    start_local,
)
from tests.fixtures.waiting import eventually

WHO_IS_IN = """
    SELECT DISTINCT split_part(application_name, ':', 1), usename::text FROM pg_stat_activity
    WHERE application_name LIKE 'ably-%' ORDER BY 1
"""


@pytest.fixture
def page(tmp_path: Path) -> str:
    """The option for a page that needs no build."""
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Chat</title>")
    return f"--page-dir={folder}"


@pytest.fixture
def data(tmp_path: Path) -> str:
    """The option for a data folder of this test."""
    return f"--data-dir={tmp_path / 'data'}"


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310  # our own address
        return json.loads(response.read())


def execute(run: LocalRun, statement: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(run.ready["database_url"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def say(run: LocalRun, text: str) -> None:
    execute(
        run,
        "INSERT INTO chat_data (username, msg_id, msg_data, client_id) "
        f"VALUES ('tester', '{text}', '{text}', 'me') RETURNING 1",
    )


def said(run: LocalRun) -> list[str]:
    return [row["msg_data"] for row in get(run.ready["messages_url"])["messages"]]


def said_on_terminal(run: LocalRun) -> str:
    """The error message of a run that did not start."""
    run.process.wait(30)
    (line,) = run.output.read_text().strip().splitlines()
    return line


def test_the_addresses_in_the_ready_file_answer(run_local: RunLocal, page: str) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        ready = run.ready
        assert stat.S_IMODE(run.ready_file.stat().st_mode) == 0o600
        with urllib.request.urlopen(ready["page_url"], timeout=10) as response:  # noqa: S310  # ours
            assert b"<title>Chat</title>" in response.read()
        assert get(ready["auth_url"])["keyName"] == ready["ably"]["api_key"].partition(":")[0]
        assert get(ready["messages_url"]) == {"messages": [], "nextBefore": None}
        config = get(ready["page_url"] + "config.json")
        assert config["ably"]["port"] == ready["ably"]["port"]
        assert execute(run, "SELECT count(*) FROM chat_data") == [(0,)]
        assert execute(run, WHO_IS_IN) == [
            ("ably-connector", "ably_connector"),
            ("ably-postgres-lambda", "ably_chat"),
        ]
        for part in ("connector", "postgres"):
            assert psutil.Process(ready["pids"][part]).is_running()
        secret = ready["ably"]["api_key"].partition(":")[2]
        assert secret not in run.output.read_text()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_within_five_seconds(
    run_local: RunLocal, page: str, how: signal.Signals
) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        folder = Path(run.ready["logs"]).parent
        assert run.stop(how) < STOP_SECONDS
        assert run.process.returncode == 0
        assert not folder.exists(), "an ephemeral run removes its folder"
        assert not run.ready_file.exists(), "its addresses no longer hold"


def test_a_second_signal_does_not_wait_for_an_orderly_stop(run_local: RunLocal, page: str) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        children = run.children()
        run.process.send_signal(signal.SIGINT)
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(2) == 1
        assert_gone(children)


def test_ctrl_c_during_the_start_leaves_nothing(run_local: RunLocal, page: str) -> None:
    with run_local("--ephemeral", page) as run:
        eventually(lambda: len(run.children()) >= 4, "four processes are started")
        assert run.stop() < STOP_SECONDS
        assert run.process.returncode == 0
        assert "ready" not in run.output.read_text()


def test_every_process_carries_the_mark_of_the_reaper(run_local: RunLocal, page: str) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        # Postgres overwrites its environment with its status; the reaper itself has no mark.
        python = [p for p in run.children() if "postgres" not in p.name()]
        marked = [MARK_VARIABLE in process.environ() for process in python]
        assert len(marked) >= 6
        assert marked.count(False) == 1, "only the reaper has none"


def test_an_incomplete_cluster_is_created_again(
    run_local: RunLocal, page: str, data: str, tmp_path: Path
) -> None:
    unfinished = tmp_path / "data" / "postgres" / "cluster"
    unfinished.mkdir(parents=True)
    (unfinished / "postgresql.conf").touch()
    (tmp_path / "data" / "lock").touch()
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
        assert said(run) == []


def test_a_killed_run_leaves_no_process_and_no_temporary_folder(
    run_local: RunLocal, page: str
) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        children = run.children()
        assert len(children) > 8
        run.process.kill()
        run.process.wait()
        assert_gone(children)
        assert not Path(run.ready["logs"]).parent.exists()


def test_the_next_run_keeps_the_data_the_key_and_the_ports(
    run_local: RunLocal, page: str, data: str, tmp_path: Path
) -> None:
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
        first = run.ready
        say(run, "kept")
        run.stop()
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
        assert said(run) == ["kept"]
        identity = tmp_path / "data" / "identity.json"
        assert stat.S_IMODE(identity.stat().st_mode) == 0o600
        for key in ("aws_access_key_id", "aws_secret_access_key"):
            assert run.ready[key] != first[key], "credentials are of one run"
        for name in ("ably", "control_token", "database_url", "lambda_endpoint_url"):
            assert run.ready[name] == first[name]


def test_the_data_survives_a_kill(run_local: RunLocal, page: str, data: str) -> None:
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
        say(run, "committed")
        children = run.children()
        run.process.kill()
        run.process.wait()
        assert_gone(children)
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
        assert said(run) == ["committed"]


def test_fresh_starts_with_an_empty_database(run_local: RunLocal, page: str, data: str) -> None:
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
        first = run.ready
        say(run, "old")
    with run_local(page, data, "--port=0", "--fresh") as run:
        run.wait_until_ready()
        assert said(run) == []
        assert run.ready["ably"]["api_key"] != first["ably"]["api_key"]


def test_a_killed_connector_is_restarted_and_publishes_the_backlog(
    run_local: RunLocal, page: str
) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        pid = run.ready["pids"]["connector"]
        os.kill(pid, signal.SIGKILL)
        say(run, "meanwhile")
        left = "SELECT count(*) FROM ably.outbox"
        eventually(lambda: execute(run, left) == [(0,)], "the outbox is emptied")
        first = run.ready
        run.wait_until_ready()
        assert run.ready["pids"]["connector"] != pid
        assert run.ready["aws_secret_access_key"] == first["aws_secret_access_key"]
        assert stat.S_IMODE(run.ready_file.stat().st_mode) == 0o600
        assert "the connector ended (signal 9)" in run.output.read_text()


def test_the_run_ends_when_postgres_ends(run_local: RunLocal, page: str) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        children = run.children()
        os.kill(run.ready["pids"]["postgres"], signal.SIGKILL)
        assert run.process.wait(10) == 1
        assert_gone(children)
        assert "local: Postgres ended; its last log line: " in run.output.read_text()


def test_a_port_in_use_is_an_error_message(run_local: RunLocal, page: str, data: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with run_local(page, data, f"--port={port}") as run:
            sentence = said_on_terminal(run)
            assert run.process.returncode == 1
    assert sentence == (
        f"local: port {port} is in use: stop the program that listens there, "
        "or choose another port with --port"
    )


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("link", "{} is a symbolic link: remove it"),
        ("absent/file", "unable to write {}; No such file or directory: correct that"),
    ],
)
def test_an_unusable_ready_file_is_an_error_message(
    run_local: RunLocal, page: str, tmp_path: Path, file: str, reason: str
) -> None:
    target = tmp_path / "target"
    (tmp_path / "link").symlink_to(target)
    ready = tmp_path / file
    with run_local("--ephemeral", page, f"--ready-file={ready}") as run:
        sentence = said_on_terminal(run)
        assert run.process.returncode == 1
    assert sentence == f"local: {reason.format(ready)}, or choose another path with --ready-file"
    assert not target.exists()


def test_a_link_that_replaces_the_ready_file_is_not_followed_and_the_run_goes_on(
    run_local: RunLocal, page: str, tmp_path: Path
) -> None:
    with run_local("--ephemeral", page) as run:
        run.wait_until_ready()
        target = tmp_path / "target"
        run.ready_file.unlink()
        run.ready_file.symlink_to(target)
        os.kill(run.ready["pids"]["connector"], signal.SIGKILL)
        eventually(
            lambda: "connector restarted" in run.output.read_text(), "the connector is restarted"
        )
        say(run, "still here")
        assert said(run) == ["still here"]
        assert run.stop() < STOP_SECONDS
        assert run.process.returncode == 0
        output = run.output.read_text()
    assert f"update of the ready file failed; {run.ready_file} is a symbolic link" in output
    assert run.ready_file.is_symlink()
    assert not target.exists()


def test_an_identity_file_that_is_a_link_is_an_error_message(
    run_local: RunLocal, page: str, data: str, tmp_path: Path
) -> None:
    identity = tmp_path / "data" / "identity.json"
    identity.parent.mkdir()
    identity.symlink_to(tmp_path / "target")
    with run_local(page, data, "--port=0") as run:
        sentence = said_on_terminal(run)
    assert sentence == (
        f"local: {identity} is a symbolic link: remove it, or choose another folder with --data-dir"
    )
    assert not (tmp_path / "target").exists()


def test_a_second_run_on_the_same_folder_is_refused(
    run_local: RunLocal, page: str, data: str, tmp_path: Path
) -> None:
    second_folder = tmp_path / "second"
    second_folder.mkdir()
    with run_local(page, data, "--port=0") as first:
        first.wait_until_ready()
        with start_local(second_folder, page, data, "--port=0") as second:
            sentence = said_on_terminal(second)
            assert second.process.returncode == 1
        assert said(first) == [], "the first run continues"
    assert sentence.startswith("local: another run uses ")
    assert sentence.endswith("stop it, or choose another with --data-dir")


def test_a_page_that_is_not_built_is_an_error_message(run_local: RunLocal, tmp_path: Path) -> None:
    with run_local("--ephemeral", f"--page-dir={tmp_path}") as run:
        assert said_on_terminal(run) == "local: the chat page is not built: run `make web`"
        assert run.process.returncode == 1


def test_without_node_the_error_message_asks_for_it(run_local: RunLocal, tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path)}
    with run_local("--ephemeral", f"--page-dir={tmp_path}", environment=environment) as run:
        assert "install Node 20 or newer, then run `make web`" in said_on_terminal(run)


def test_data_of_another_postgres_version_is_an_error_message(
    run_local: RunLocal, page: str, data: str, tmp_path: Path
) -> None:
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
    (tmp_path / "data" / "postgres" / "PG_VERSION").write_text("17\n")
    with run_local(page, data, "--port=0") as run:
        run.process.wait(30)
        last_line = run.output.read_text().strip().splitlines()[-1]
        assert run.process.returncode == 1
    assert last_line.endswith(
        "is of Postgres 17, this is 18: run with --fresh to start with an empty database"
    )


def test_data_of_a_newer_checkout_is_an_error_message(
    run_local: RunLocal, page: str, data: str
) -> None:
    with run_local(page, data, "--port=0") as run:
        run.wait_until_ready()
        execute(
            run,
            "INSERT INTO chat_migration (number, name, checksum) "
            "SELECT count(*) + 1, 'later', '' FROM chat_migration RETURNING 1",
        )
    with run_local(page, data, "--port=0") as run:
        run.process.wait(30)
        last_line = run.output.read_text().strip().splitlines()[-1]
        assert run.process.returncode == 1
    assert last_line.startswith("local: the database has migration ")
    assert "later, which this checkout does not have" in last_line
    assert "--fresh" in last_line


@pytest.mark.parametrize("content", ['{"version": 0}', "not json", '{"version": 1}', "[]"])
def test_a_stale_identity_is_an_error_message(
    run_local: RunLocal, page: str, data: str, tmp_path: Path, content: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "identity.json").write_text(content)
    with run_local(page, data, "--port=0") as run:
        sentence = said_on_terminal(run)
    assert sentence.endswith("is of another version: run with --fresh to remove it")


def test_a_folder_with_other_files_is_refused_and_unchanged_even_with_fresh(
    run_local: RunLocal, page: str, tmp_path: Path
) -> None:
    folder = tmp_path / "home"
    (folder / "postgres").mkdir(parents=True)
    (folder / "letter.txt").write_text("dear")
    with run_local(page, f"--data-dir={folder}", "--fresh") as run:
        sentence = said_on_terminal(run)
    assert sentence.endswith("contains other files: choose an empty folder with --data-dir")
    assert (folder / "letter.txt").read_text() == "dear"
    assert (folder / "postgres").exists()


def test_a_database_that_does_not_answer_is_an_error_message(
    run_local: RunLocal, page: str
) -> None:
    environment = {"DATABASE_URL": "postgresql://me:hidden@127.0.0.1:1/chat"}
    with run_local("--ephemeral", page, environment=environment) as run:
        run.process.wait(30)
        output = run.output.read_text()
        assert run.process.returncode == 1
    assert "local: unable to connect to the database in DATABASE_URL" in output
    assert "hidden" not in output


def test_a_malformed_ably_key_is_an_error_message_without_the_key(
    run_local: RunLocal, page: str
) -> None:
    with run_local("--ephemeral", page, environment={"ABLY_API_KEY": "hidden"}) as run:
        assert said_on_terminal(run) == "local: ABLY_API_KEY must look like appId.keyId:secret"


def test_a_database_of_the_user_is_used_and_left_running(
    run_local: RunLocal, page: str, database_url: str
) -> None:
    environment = {"DATABASE_URL": database_url}
    with run_local("--ephemeral", page, environment=environment) as run:
        run.wait_until_ready()
        assert run.ready["database_url"] == database_url
        assert run.ready["pids"]["postgres"] is None
        say(run, "into my own")
        assert said(run) == ["into my own"]
        assert "embedded" not in run.output.read_text()
    psycopg2.connect(database_url).close()


@pytest.mark.parametrize(
    "arguments",
    [["--port=x"], ["--port=70000"], ["--unknown"], ["--ephemeral", "--data-dir=here"]],
)
def test_a_wrong_command_line_exits_with_code_two(
    run_local: RunLocal, arguments: list[str]
) -> None:
    with run_local(*arguments) as run:
        assert run.process.wait(20) == 2


def test_help_names_every_flag_and_variable(run_local: RunLocal) -> None:
    with run_local("--help") as run:
        assert run.process.wait(20) == 0
        text = run.output.read_text()
    for word in ("--data-dir", "--ephemeral", "--fresh", "--port", "--ready-file", "--verbose"):
        assert word in text
    assert "DATABASE_URL" in text
    assert "ABLY_API_KEY" in text


def test_verbose_shows_the_log_lines_of_the_parts(run_local: RunLocal, page: str) -> None:
    with run_local("--ephemeral", "--verbose", page) as run:
        run.wait_until_ready()
        assert " connector | {" in run.output.read_text()


def test_the_repository_is_the_task_root_from_any_working_directory(
    run_local: RunLocal, page: str, tmp_path: Path
) -> None:
    environment = {"PYTHONPATH": str(ROOT)}
    with run_local("--ephemeral", page, environment=environment, working_folder=tmp_path) as run:
        run.wait_until_ready()
        assert said(run) == []
