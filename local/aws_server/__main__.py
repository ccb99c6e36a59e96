"""`python -m local.aws_server --port N`: moto's server, for requests signed with the credentials.

The credentials come from the environment, as with AWS's tools, so the process list omits them.
"""

import argparse
import os

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple

from local.aws_access import RunCredentials
from local.aws_server.wsgi import SignedRequestsOnly


def main() -> None:
    """Serve on loopback until SIGTERM, which ends it at once: what it holds is in memory only."""
    parser = argparse.ArgumentParser(prog="python -m local.aws_server")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    credentials = RunCredentials.from_environment(os.environ)
    application = SignedRequestsOnly(DomainDispatcherApplication(create_backend_app), credentials)
    run_simple("127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main()
