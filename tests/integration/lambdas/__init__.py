"""The Lambda functions against real Postgres and a local SQS and Secrets Manager."""
