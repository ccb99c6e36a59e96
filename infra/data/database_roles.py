"""Who logs in to the database: the roles that lambdas/migrate makes, and the user RDS gives it."""

MASTER = "postgres"
OWNER, CHAT, CONNECTOR = "ably_owner", "ably_chat", "ably_connector"
