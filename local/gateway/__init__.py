"""The page's web server: static files, `/config.json`, and API Gateway's part for the functions."""

from local.gateway.server import Gateway

__all__ = ["Gateway"]
