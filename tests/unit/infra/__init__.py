"""What the infrastructure decides, without the CDK."""
