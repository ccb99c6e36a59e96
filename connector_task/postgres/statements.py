"""The SQL of the relay's session, and of the statements in it that are planned once."""

from functools import cache

from connector_task.postgres.sql_files import sql_files

statement = sql_files("connector_task.postgres")

# Of the statements that a session prepares: planning a claim takes eight times as long as
# carrying it out.
PARAMETERS = {
    "claim": {
        "due": "boolean",
        "in_hand": "uuid[]",
        "channels": "text[]",
        "starts": "bigint[]",
        "resting": "text[]",
        "start": "bigint",
        "floor": "bigint",
        "running": "text[]",
        "max_bytes": "bigint",
        "max_messages": "bigint",
        "max_channels": "bigint",
        "max_scanned": "bigint",
        "shard": "integer",
        "shards": "integer",
    },
}


@cache
def preparation(name: str) -> str:
    """What has a session plan `sql/<name>.sql` once, for `execution` to run it."""
    types = PARAMETERS[name]
    places = {parameter: f"${place}" for place, parameter in enumerate(types, start=1)}
    return f"PREPARE {name} ({', '.join(types.values())}) AS {statement(name) % places}"


@cache
def execution(name: str) -> str:
    """The statement that runs a prepared one, with the same named parameters."""
    values = ", ".join(f"%({one})s::{type_}" for one, type_ in PARAMETERS[name].items())
    return f"EXECUTE {name} ({values});\n"
