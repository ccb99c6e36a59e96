"""The bundle deployed by the real CDK CLI onto an emulated AWS, and used as its users use it."""
