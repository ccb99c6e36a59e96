"""The CDK constructs and stacks: one construct per file, stacks only compose."""
