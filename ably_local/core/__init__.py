"""The state of the server: account, apps, channels, connections, publishing and rules.

No I/O: values go in, values and frames come out, and callers pass the time. It imports `messages`,
`auth` and `base`.
"""
