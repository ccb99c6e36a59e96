"""The built chat page: its files, with the headers that CloudFront would send."""

from pathlib import Path

from aiohttp import web

from local.errors import LocalError
from local.gateway.settings import PageSettings

IMMUTABLE = "public, max-age=31536000, immutable"
NO_CACHE = "no-cache"
FILE_ROUTE = "file"
REAL_ABLY = (
    "https://*.ably.io wss://*.ably.io https://*.ably.net wss://*.ably.net "
    "https://*.ably-realtime.com wss://*.ably-realtime.com"
)


def require_page(folder: Path, *, node_installed: bool) -> None:
    """Check that the page has been built.

    Raises:
        LocalError: if it has not been built; the message says what is missing.
    """
    if (folder / "index.html").is_file():
        return
    if node_installed:
        raise LocalError("the chat page is not built: run `make web`")
    raise LocalError(
        "the chat page is not built and there is no Node to build it: "
        "install Node 20 or newer, then run `make web`"
    )


def page_headers(settings: PageSettings) -> dict[str, str]:
    """Security headers for every file: scripts only from the page itself, connections to Ably."""
    ably = settings.ably
    where = f"http://{ably.endpoint}:{ably.port} ws://{ably.endpoint}:{ably.port}" if ably else ""
    policy = (
        "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
        f"form-action 'self'; img-src 'self' data:; connect-src 'self' {where or REAL_ABLY}"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


class Page:
    """Serves the folder that contains the built page."""

    def __init__(self, folder: Path, settings: PageSettings) -> None:
        self._folder = folder.resolve()
        self._settings = settings
        self._headers = page_headers(settings)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the page's routes; the route for files matches every remaining path."""
        router.add_get("/config.json", self._config)
        router.add_get("/{path:.*}", self._file, name=FILE_ROUTE)

    async def _config(self, _request: web.Request) -> web.Response:
        headers = {**self._headers, "Cache-Control": NO_CACHE}
        return web.json_response(self._settings.to_json(), headers=headers)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = (self._folder / (request.match_info["path"] or "index.html")).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise web.HTTPNotFound(text="not found", headers=self._headers)
        # Vite puts a hash of the content into the name of each file under assets/.
        hashed = path.parent == self._folder / "assets"
        headers = {**self._headers, "Cache-Control": IMMUTABLE if hashed else NO_CACHE}
        return web.FileResponse(path, headers=headers)
