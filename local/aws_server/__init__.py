"""moto's server behind access control: SQS and Secrets Manager, only for the run's credentials.

moto itself answers any client, and lets pages of any site read its answers.
"""
