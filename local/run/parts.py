"""The parts of a run and their wiring; the one place that chooses between local and real."""

from dataclasses import dataclass

from local.aws_access import RunCredentials
from local.gateway import Gateway
from local.lambda_service import LambdaService
from local.reaper import Reaper
from local.run.options import ROOT, RunOptions
from local.services.ably_integration import LocalAbly, RealAbly
from local.services.aws import AwsServices
from local.services.connector import Connector, ConnectorSettings
from local.services.database import Database, EmbeddedDatabase, ExternalDatabase
from local.services.embedded_postgres import EmbeddedPostgres
from local.services.functions import ROUTES, chat_functions
from local.system.processes import LogLine, ProcessHost
from local.system.state_dir import RunIdentity, StateDir


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All parts of a run except the connector, which needs addresses of the others first."""

    database: EmbeddedDatabase | ExternalDatabase
    aws: AwsServices
    functions: LambdaService
    ably: LocalAbly | RealAbly
    gateway: Gateway
    host: ProcessHost
    credentials: RunCredentials
    connector_health_port: int

    @classmethod
    def assemble(
        cls, options: RunOptions, folder: StateDir, *, reaper: Reaper, log: LogLine
    ) -> "Parts":
        """Create the parts of a run without starting any.

        Raises:
            LocalError: if the state directory or an environment variable cannot be used.
        """
        identity = folder.identity()
        ports = identity.ports
        host = ProcessHost(folder=ROOT, log=log, environment=reaper.environment, watch=reaper)
        database = _database(options, folder, identity, reaper)
        credentials = RunCredentials.generate()
        aws = AwsServices(ports.aws, host, credentials)
        functions = LambdaService(
            chat_functions(aws, database_ssl_mode=database.ssl_mode),
            host,
            credentials=credentials,
            port=ports.functions,
            sqs=aws.sqs(),
        )
        return cls(
            database=database,
            aws=aws,
            functions=functions,
            ably=_ably(options, identity, functions, credentials),
            gateway=Gateway(
                port=options.port or 0,
                page_folder=options.page_folder,
                routes=ROUTES,
                invoke=functions.invoke,
            ),
            host=host,
            credentials=credentials,
            connector_health_port=ports.connector_health,
        )

    def connector(self, *, owner: Database, relay: Database) -> Connector:
        """A connector between the database and Ably; one role installs it and another runs it."""
        settings = ConnectorSettings(
            owner=owner,
            database=relay,
            ably_api_key=self.ably.api_key,
            ably=self.ably.address,
            health_port=self.connector_health_port,
        )
        return Connector(settings, self.host)


def _database(
    options: RunOptions, folder: StateDir, identity: RunIdentity, reaper: Reaper
) -> EmbeddedDatabase | ExternalDatabase:
    if options.database_url:
        return ExternalDatabase(options.database_url)
    server = EmbeddedPostgres(
        data_dir=folder.postgres,
        port=identity.ports.postgres,
        durable=not options.ephemeral,
        keep_copy=not options.ephemeral,
        log_path=folder.logs / "postgres.log",
    )
    return EmbeddedDatabase(server, reaper)


def _ably(
    options: RunOptions,
    identity: RunIdentity,
    functions: LambdaService,
    credentials: RunCredentials,
) -> LocalAbly | RealAbly:
    if options.ably_api_key:
        return RealAbly(options.ably_api_key, functions=functions)
    return LocalAbly(
        identity.ably, port=identity.ports.ably, functions=functions, credentials=credentials
    )
