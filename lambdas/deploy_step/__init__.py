"""The deploy_step function: a CloudFormation custom resource that runs another function."""
