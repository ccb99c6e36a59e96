"""HTTP as plain values: requests, responses, body fields and cross-origin headers.

No sockets: `server` turns these values into bytes. It imports `base`.
"""
