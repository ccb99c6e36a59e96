"""The state of the service: account, apps, channels, connections, publishing and rules.

No I/O: values go in, values and frames come out, and time is handed in. It imports `messages`,
`auth` and `base`.
"""
