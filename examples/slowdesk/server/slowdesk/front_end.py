"""Serves the built single-page front end."""

import mimetypes
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from slowdesk.config import WEB_ROOT

router = APIRouter(include_in_schema=False)


def _file(path: str) -> Path | None:
    root = WEB_ROOT.resolve()
    wanted = (root / path).resolve()
    return wanted if wanted.is_relative_to(root) and wanted.is_file() else None


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def front_end(path: str) -> Response:
    """The file, or index.html for the routes that the browser knows."""
    if path == "api" or path.startswith("api/"):
        raise HTTPException(404, "There is no such endpoint.")
    file = _file(path) if path else None
    if file is None and Path(path).suffix:
        raise HTTPException(404, "There is no such file.")
    file = file or _file("index.html")
    if file is None:
        raise HTTPException(404, "The front end is not built. Run `npm run build` in web/.")
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Response(file.read_bytes(), media_type=media_type)
