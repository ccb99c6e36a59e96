"""The CDK app: reads the stage and builds its stacks."""
