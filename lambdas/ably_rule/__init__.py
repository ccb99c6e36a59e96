"""The ably_rule function: a CloudFormation custom resource that manages a rule of an Ably app."""
