"""The connector: publishes every committed change of configured tables to Ably, in order."""
