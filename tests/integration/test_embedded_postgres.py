"""The embedded Postgres that the local run and the tests stand on."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
import pytest

from local.errors import LocalError
from local.services.embedded_postgres import EmbeddedPostgres
from local.services.postgres_programs import binaries, is_open, kept_copy, temporary_copy
from local.system import unprivileged

CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapAmb")


def _query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
            assert row is not None
            return row[0]
    finally:
        connection.close()


@contextmanager
def _running(server: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _status(pid: int) -> dict[str, str]:
    """What the kernel says of a process."""
    return _parsed(Path(f"/proc/{pid}/status").read_text())


def _parsed(status: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in status.splitlines())
    return {name: value.strip() for name, _, value in pairs}


def test_it_is_postgres_18_over_tcp(database_url: str) -> None:
    assert str(_query(database_url, "SHOW server_version")).startswith("18.")


def test_committed_data_survives_a_crash(tmp_path: Path) -> None:
    server = EmbeddedPostgres(data_dir=tmp_path / "data")
    with _running(server):
        _query(server.url, "CREATE TABLE kept AS SELECT 42 AS n; SELECT 1")
        server.stop(signal.SIGQUIT)
        server.start()
        assert _query(server.url, "SELECT n FROM kept") == 42


def test_a_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(host="127.0.0.1", port=postgres.port, user="postgres", password="wrong")


def test_data_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("12\n")
    with pytest.raises(LocalError, match=r"Postgres 12, this is 18: run with --fresh"):
        EmbeddedPostgres(data_dir=tmp_path).start()


def test_a_taken_port_is_said(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    second = EmbeddedPostgres(data_dir=tmp_path / "data", port=postgres.port)
    with pytest.raises(LocalError, match=f"did not start on port {postgres.port}"):
        second.start()


def test_no_process_of_the_server_has_a_capability(any_postgres: EmbeddedPostgres) -> None:
    connection = psycopg2.connect(any_postgres.url)
    server = psutil.Process(any_postgres.pid)
    assert server.uids().real != 0
    processes = [server.pid, *(child.pid for child in server.children())]
    assert len(processes) > 1
    for status in map(_status, processes):
        assert {int(status[name], 16) for name in CAPABILITIES} == {0}
    connection.close()


def test_a_program_that_root_starts_is_another_user_in_no_group_and_stays_it() -> None:
    is_root = unprivileged.is_needed()
    shown = subprocess.run(
        [*unprivileged.prefix(), "cat", "/proc/self/status"],
        extra_groups=[4242] if is_root else None,
        capture_output=True,
        text=True,
        check=True,
    )
    status = _parsed(shown.stdout)
    assert "0" not in status["Uid"].split()
    if is_root:
        assert (status["NoNewPrivs"], status["Groups"], int(status["CapBnd"], 16)) == ("1", "", 0)


def test_root_keeps_what_it_reads_and_writes_in_the_data_folder(
    postgres: EmbeddedPostgres,
) -> None:
    assert postgres.data_dir.stat().st_uid == os.geteuid()
    assert (postgres.data_dir / "password").stat().st_mode & 0o077 == 0


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder that no other user gets into."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def checkout(closed: Path) -> Path:
    """The programs as an environment in the folder has them, for its owner only."""
    installation = binaries().parent
    packages = closed / "site-packages"
    copy = packages / installation.parent.name / installation.name
    shutil.copytree(installation, copy, symlinks=True, ignore=shutil.ignore_patterns("include"))
    libraries = installation.parent.with_name(f"{installation.parent.name}.libs")
    shutil.copytree(libraries, packages / libraries.name)
    for path in (closed, *closed.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    return copy / "bin"


@pytest.fixture
def everyones() -> Iterator[Path]:
    """A folder that every user gets into, which those of pytest are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("keep_copy", [True, False], ids=["kept", "temporary"])
def test_it_runs_from_a_checkout_and_with_data_that_are_closed_to_others(
    closed: Path, checkout: Path, everyones: Path, *, keep_copy: bool
) -> None:
    server = EmbeddedPostgres(
        data_dir=closed / "data", programs=checkout, copies=everyones, keep_copy=keep_copy
    )
    for _ in range(2):
        with _running(server):
            assert _query(server.url, "SELECT count(*) > 0 FROM pg_timezone_names")
            program = Path(psutil.Process(server.pid).exe())
            assert int(_status(server.pid)["CapEff"], 16) == 0
        assert program.exists() == (keep_copy or not unprivileged.is_needed())


def test_a_copy_is_made_once_and_is_for_everyone(checkout: Path, tmp_path: Path) -> None:
    assert not is_open(checkout)
    copies = tmp_path / "copies"
    copy = kept_copy(checkout, copies)
    made_at = (copy / "postgres").stat().st_ctime_ns
    assert kept_copy(checkout, copies) == copy
    assert (copy / "postgres").stat().st_ctime_ns == made_at
    for path in copies.rglob("*"):
        if path.name != ".lock" and not path.is_symlink():
            assert path.stat().st_mode & 0o777 in (0o755, 0o644)
    assert (copy / "initdb").stat().st_mode & 0o777 == 0o755


def test_other_programs_get_a_copy_of_their_own(checkout: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    before = kept_copy(checkout, copies)
    os.utime(checkout / "postgres", (1, 1))
    assert kept_copy(checkout, copies) != before


def test_a_copy_that_was_cut_short_is_not_used(checkout: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    unfinished = copies / ".unfinished-x"
    unfinished.mkdir(parents=True)
    (checkout / "initdb").rename(checkout / "elsewhere")
    with pytest.raises(LocalError, match="unable to copy Postgres' programs"):
        kept_copy(checkout, copies)
    (checkout / "elsewhere").rename(checkout / "initdb")
    assert (kept_copy(checkout, copies) / "initdb").exists()
    assert list(copies.glob(".unfinished*")) == []


def test_a_temporary_copy_is_nobody_elses(checkout: Path, tmp_path: Path) -> None:
    (first, folder), (second, _) = (temporary_copy(checkout, tmp_path / "copies") for _ in range(2))
    assert first != second
    assert first.is_relative_to(folder)


@pytest.mark.parametrize("mode", [0o757, 0o775, 0o1777])
def test_no_copy_is_made_or_used_where_another_user_could_have_put_it(
    checkout: Path, tmp_path: Path, mode: int
) -> None:
    copies = tmp_path / "copies"
    kept_copy(checkout, copies)
    copies.chmod(mode)
    for copy in (kept_copy, temporary_copy):
        with pytest.raises(LocalError, match=f"other users can write to {copies}"):
            copy(checkout, copies)
    copies.chmod(0o755)
    tmp_path.chmod(0o757)
    with pytest.raises(LocalError, match=f"other users can write to {tmp_path}"):
        kept_copy(checkout, copies)
