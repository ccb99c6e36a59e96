"""The state that the local run keeps between runs: Postgres' data, logs, and its identity."""

import fcntl
import json
import secrets
import shutil
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from ably_local.private_file import PrivateFileError, read_private, write_private
from local.errors import LocalError
from local.system.ports import free_port, is_free

VERSION = 1
IDENTITY_FILE = "identity.json"
LOCK_FILE = "lock"
POSTGRES_FOLDER = "postgres"
LOGS_FOLDER = "logs"
OURS = {IDENTITY_FILE, LOCK_FILE, POSTGRES_FOLDER, LOGS_FOLDER}


@dataclass(frozen=True, kw_only=True)
class Ports:
    """TCP ports on 127.0.0.1, kept between runs while they stay free."""

    postgres: int
    ably: int
    functions: int
    aws: int
    connector_health: int

    @classmethod
    def choose(cls, kept: "Ports | None" = None) -> "Ports":
        """The kept port of each part if it is free, otherwise another."""
        chosen: dict[str, int] = {}
        for name in cls.__dataclass_fields__:
            port = getattr(kept, name, 0)
            while not port or port in chosen.values() or not is_free(port):
                port = free_port()
            chosen[name] = port
        return cls(**chosen)


@dataclass(frozen=True, kw_only=True)
class AblyIdentity:
    """The app of the local Ably and its credentials."""

    app_id: str
    api_key: str = field(repr=False)
    control_token: str = field(repr=False)

    @classmethod
    def generate(cls) -> "AblyIdentity":
        """A new app with a random key and Control API token."""
        app_id, key_id = _random_text(6), _random_text(6)
        return cls(
            app_id=app_id,
            api_key=f"{app_id}.{key_id}:{secrets.token_urlsafe(32)}",
            control_token=secrets.token_urlsafe(32),
        )


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """What lets clients reconnect to a new run as to the previous one."""

    ports: Ports
    ably: AblyIdentity


class StateDir:
    """A folder that only this process uses, from `claim` until `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    @property
    def postgres(self) -> Path:
        """The folder of the embedded Postgres' data."""
        return self.path / POSTGRES_FOLDER

    @property
    def logs(self) -> Path:
        """The folder of the log files."""
        return self.path / LOGS_FOLDER

    @property
    def lock_fd(self) -> int:
        """The file descriptor of the lock; every process that holds it open keeps the lock."""
        if self._lock is None:
            raise RuntimeError("the folder has not been claimed")
        return self._lock.fileno()

    def claim(self) -> None:
        """Create the folder if it is missing, and lock it.

        Raises:
            LocalError: if another run uses it, or it cannot be written, or it contains other files.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            self._lock = (self.path / LOCK_FILE).open("a+")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"another run uses {self.path}: stop it, or choose another with --data-dir"
            raise LocalError(msg) from error
        except OSError as error:
            msg = f"unable to use {self.path}; {error.strerror}: choose another with --data-dir"
            raise LocalError(msg) from error

    def release(self) -> None:
        """Release the lock. Safe to call twice."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def wipe(self) -> None:
        """Remove the files of earlier runs, and no other files."""
        for name in OURS - {LOCK_FILE}:
            path = self.path / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def identity(self) -> RunIdentity:
        """The identity of the previous run, with other ports if some are in use; or a new identity.

        Raises:
            LocalError: if another version wrote it, or its file belongs to another user.
        """
        path = self.path / IDENTITY_FILE
        try:
            kept = self._parse(read_private(path))
            identity = RunIdentity(
                ports=Ports.choose(kept.ports if kept else None),
                ably=kept.ably if kept else AblyIdentity.generate(),
            )
            document = {"version": VERSION, **asdict(identity)}
            write_private(path, json.dumps(document, indent=2) + "\n")
        except PrivateFileError as error:
            raise LocalError(f"{error}, or choose another folder with --data-dir") from error
        return identity

    def _parse(self, text: str | None) -> RunIdentity | None:
        if text is None:
            return None
        stale = f"the data in {self.path} is of another version: run with --fresh to remove it"
        try:
            document = json.loads(text)
            if document.pop("version") != VERSION:
                raise LocalError(stale)
            ports, ably = Ports(**document["ports"]), AblyIdentity(**document["ably"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LocalError(stale) from error
        return RunIdentity(ports=ports, ably=ably)

    def _refuse_foreign(self) -> None:
        names = {entry.name for entry in self.path.iterdir()}
        if names and not names & {LOCK_FILE, IDENTITY_FILE}:
            msg = f"{self.path} contains other files: choose an empty folder with --data-dir"
            raise LocalError(msg)


def _random_text(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters) for _ in range(length))
