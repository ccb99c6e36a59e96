"""What a test writes and reads to have the emulated AWS fail; free of MiniStack."""

# A task definition with this in it stands for one whose tasks end at once.
TASK_FAILS = "EMULATED_TASK_FAILS"
# What CloudFormation then says of the service.
BREAKER = "ECS Deployment Circuit Breaker was triggered"
