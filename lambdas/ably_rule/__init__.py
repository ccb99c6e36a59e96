"""The ably_rule function: a CloudFormation custom resource that is a rule of an Ably app."""
