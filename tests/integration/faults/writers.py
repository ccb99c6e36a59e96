"""Sessions of a test's own that change rows, and know what has been committed in which order."""

from collections import defaultdict

import psycopg2

from tests.fixtures.connector import query

CHANGE = "INSERT INTO ably.outbox (channel, data) VALUES (%s, %s)"
FILL = "INSERT INTO ably.outbox (channel, data) SELECT %s, %s || n FROM generate_series(%s, %s) n"
FILLER = "filler:"
SKIP = "SELECT count(nextval('ably.outbox_id_seq')) FROM generate_series(1, %s)"


class Writers:
    """Transactions side by side; each change of a row is a message that names row and version.

    Rows are locked as Postgres locks them, so that no call here has to wait: to change a row that
    another has changed and not committed does nothing.
    """

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self._sessions = [psycopg2.connect(url) for _ in range(count)]
        self._open: list[dict[str, int]] = [{} for _ in range(count)]
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._channels: dict[str, str] = {}
        self._filled: defaultdict[str, int] = defaultdict(int)

    def change(self, writer: int, row: str, channel: str) -> None:
        """Change a row in the writer's transaction, which is begun where none is open."""
        if any(row in rows for other, rows in enumerate(self._open) if other != writer):
            return
        version = self._open[writer].get(row, self._versions[row]) + 1
        with self._sessions[writer].cursor() as cursor:
            cursor.execute(CHANGE, [channel, f"{row}:{version}"])
        self._open[writer][row] = version
        self._channels[row] = channel

    def commit(self, writer: int) -> None:
        """End the writer's transaction, if it has one."""
        self._sessions[writer].commit()
        self._versions.update(self._open[writer])
        self._open[writer] = {}

    def roll_back(self, writer: int) -> None:
        """Take the writer's transaction back."""
        self._sessions[writer].rollback()
        self._open[writer] = {}

    def hand_over(self, writer: int, follower: int) -> None:
        """Commit, and let another who waits for one of the rows change it and commit at once."""
        rows = list(self._open[writer])
        self.commit(writer)
        if rows:
            self.change(follower, rows[-1], self._channels[rows[-1]])
            self.commit(follower)

    def fill(self, channel: str, count: int) -> None:
        """Commit messages of so many other rows."""
        first = self._filled[channel] + 1
        self._filled[channel] += count
        query(self._url, FILL, channel, FILLER, first, self._filled[channel])

    def skip(self, count: int) -> None:
        """Draw so many ids for nothing, as transactions do that are rolled back."""
        query(self._url, SKIP, count)

    def commit_all(self) -> None:
        """End all transactions."""
        for writer in range(len(self._sessions)):
            self.commit(writer)

    def close(self) -> None:
        """End the sessions."""
        for session in self._sessions:
            session.close()

    def expected(self, channel: str) -> dict[str, list[int]]:
        """What has been committed on a channel: each row's versions in order."""
        rows = {
            row: list(range(1, version + 1))
            for row, version in self._versions.items()
            if version and self._channels[row] == channel
        }
        filled = list(range(1, self._filled[channel] + 1))
        return rows | ({FILLER.rstrip(":"): filled} if filled else {})


def by_row(arrived: list[str]) -> dict[str, list[int]]:
    """What has arrived on a channel: each row's versions as they came."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for message in arrived:
        row, _, version = message.partition(":")
        rows[row].append(int(version))
    return dict(rows)
