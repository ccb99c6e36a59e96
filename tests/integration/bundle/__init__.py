"""The assets as they are deployed, run by the runtime client of AWS Lambda."""
