"""moto's server with a door: SQS and Secrets Manager for holders of the run's credentials.

moto itself answers anybody, and lets pages of any site read its answers.
"""
