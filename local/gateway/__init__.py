"""The page's web server: static files, `/config.json`, and the functions behind an HTTP API."""

from local.gateway.server import Gateway

__all__ = ["Gateway"]
