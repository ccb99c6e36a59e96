"""The SQL of the operator's commands."""

from connector_task.postgres.sql_files import sql_files

statement = sql_files("connector_task.operations")
