"""RDS's manners in front of a Postgres that has none of them: forced TLS, and login by IAM token.

The embedded Postgres is built without TLS and knows no IAM. Clients come in here; who may use a
token is a member of rds_iam, whose password RDS does not take. A token's signature is not checked.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
CHUNK_BYTES = 65536

NO_ENCRYPTION = ("28000", "no pg_hba.conf entry, no encryption")
PAM_FAILED = ("28000", "PAM authentication failed")


class ClientRefusedError(Exception):
    """The client is sent away, with an SQLSTATE and a message."""


@dataclass(frozen=True)
class Session:
    """A client on its way in.

    Attributes:
        startup: its startup message as it came.
        user: whom it wants to be.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    startup: bytes
    user: str


@dataclass(frozen=True, kw_only=True)
class RdsEndpoint:
    """Accepts clients on 127.0.0.1 and hands them to Postgres.

    Attributes:
        postgres_port: its TCP port, where a password is asked.
        trusted_socket: its Unix socket, where nothing is asked.
        tls: what the endpoint shows.
        region: which tokens must be for.
        uses_iam: tells whether a user comes in by token.
    """

    postgres_port: int
    trusted_socket: str
    tls: ssl.SSLContext
    region: str
    uses_iam: Callable[[str], bool]

    async def listen(self) -> asyncio.Server:
        """Accept clients on a free port."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._admit(reader, writer)
        except ClientRefusedError as refusal:
            writer.write(_error(*refusal.args))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # it went away
        finally:
            writer.close()

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _startup(reader)
        while _code(request) == GSS_REQUEST:
            writer.write(b"N")
            request = await _startup(reader)
        if _code(request) == CANCEL_REQUEST:
            await self._forward(request)
            return
        if _code(request) != SSL_REQUEST:
            raise ClientRefusedError(*NO_ENCRYPTION)
        writer.write(b"S")
        await writer.start_tls(self.tls)
        startup = await _startup(reader)
        if _code(startup) == CANCEL_REQUEST:
            await self._forward(startup)
            return
        await self._join(Session(reader, writer, startup, _user(startup)))

    async def _join(self, session: Session) -> None:
        if await asyncio.to_thread(self.uses_iam, session.user):
            await self._check_token(session)
            backend = await asyncio.open_unix_connection(self.trusted_socket)
        else:
            backend = await asyncio.open_connection("127.0.0.1", self.postgres_port)
        backend[1].write(session.startup)
        await asyncio.gather(_relay(session.reader, backend[1]), _relay(backend[0], session.writer))

    async def _check_token(self, session: Session) -> None:
        session.writer.write(b"R" + struct.pack("!II", 8, 3))  # asks for the password as it is
        await session.writer.drain()
        kind, length = struct.unpack("!cI", await session.reader.readexactly(5))
        password = (await session.reader.readexactly(length - 4)).rstrip(b"\0").decode()
        own_port = session.writer.get_extra_info("sockname")[1]
        if kind != b"p" or not self._is_token(password, session.user, own_port):
            raise ClientRefusedError(*PAM_FAILED)

    def _is_token(self, password: str, user: str, port: int) -> bool:
        token = urlsplit(f"//{password}")
        fields = {name: values[0] for name, values in parse_qs(token.query).items()}
        scope = fields.get("X-Amz-Credential", "").split("/")[2:]
        return (
            token.netloc == f"127.0.0.1:{port}"
            and (fields.get("Action"), fields.get("DBUser")) == ("connect", user)
            and scope == [self.region, "rds-db", "aws4_request"]
            and "X-Amz-Signature" in fields
        )

    async def _forward(self, request: bytes) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", self.postgres_port)
        writer.write(request)
        await writer.drain()
        writer.close()


async def _startup(reader: asyncio.StreamReader) -> bytes:
    length = await reader.readexactly(4)
    return length + await reader.readexactly(struct.unpack("!I", length)[0] - 4)


def _code(startup: bytes) -> int:
    return int(struct.unpack_from("!I", startup, 4)[0])


def _user(startup: bytes) -> str:
    words = startup[8:].split(b"\0")
    return dict(zip(words[::2], words[1::2], strict=False))[b"user"].decode()


def _error(state: str, message: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{state}\0M{message}\0\0".encode()
    return b"E" + struct.pack("!I", len(fields) + 4) + fields


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()
