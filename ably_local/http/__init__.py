"""HTTP as plain values: requests, responses, body fields and cross-origin headers.

No sockets: `server` sends and receives these values. It imports `base`.
"""
