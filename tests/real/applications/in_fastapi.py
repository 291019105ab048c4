"""
The example in FastAPI.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from contents import EVENTS, FILE, FIXED, NOTES, PIECES, TEXT, Broken, digest, echoed
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    yield {"begun": "with the server"}


app = FastAPI(title="example", lifespan=_life)


@app.middleware("http")
async def marked(request: Request, call_next: Any) -> Any:
    """
    A middleware of the application's own, as many have one.
    """
    answer = await call_next(request)
    answer.headers["X-Marked"] = request.url.path[:40].encode("ascii", "replace").decode()
    return answer


@app.exception_handler(Broken)
async def told(request: Request, error: Broken) -> Any:
    """
    What is said of a failure that somebody looks after.
    """
    if str(error) == "unhandled":
        raise error
    return JSONResponse({"broken": str(error)}, 500)


def opened() -> Iterator[str]:
    """
    A dependency that is closed after its endpoint.
    """
    yield "opened"


@app.get("/items/{item}")
async def items(item: int, q: str = "", state: str = Depends(opened)) -> Any:
    """
    A list as JSON; the item is a number or refused.
    """
    return {"id": item, "q": q, "state": state, "items": TEXT.decode().split("\n")}


@app.get("/threads/{item}")
def in_a_thread(item: str, request: Request) -> Any:
    """
    The same in a thread.
    """
    return {"id": item, "state": request.state.begun, "items": TEXT.decode().split("\n")}


@app.api_route("/echo", methods=METHODS)
@app.api_route("/echo/{rest:path}", methods=METHODS)
async def echo(request: Request) -> Response:
    """
    The request as it came.
    """
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
    query = request.url.query
    body = await request.body()
    return Response(echoed(request.method, request.url.path, query, headers, body), media_type="application/json")


@app.api_route("/upload/{rest}", methods=METHODS)
async def upload(rest: str, request: Request) -> Response:
    """
    The digest of what was sent.
    """
    if rest == "unread":
        return JSONResponse({"read": False})
    body = b"".join([piece async for piece in request.stream()])
    return Response(digest(body), media_type="application/json")


@app.api_route("/stream/{rest}", methods=METHODS)
async def stream(rest: str) -> Any:
    """
    Pieces of an asynchronous or of a plain generator, or events.
    """
    if rest == "events":
        return StreamingResponse(iter(EVENTS), media_type="text/event-stream")
    return StreamingResponse(_pieces() if rest == "async" else iter(PIECES), media_type="text/plain")


async def _pieces() -> AsyncIterator[bytes]:
    for piece in PIECES:
        await asyncio.sleep(0)
        yield piece


@app.api_route("/status/{status}", methods=METHODS)
async def status(status: int) -> Any:
    """
    A status that few have.
    """
    return Response(None if status in (204, 304) else b"an odd one", status)


@app.api_route("/broken/{rest}", methods=METHODS)
async def broken(rest: str) -> Any:
    """
    Fails before the answer or in the middle of it.
    """
    if rest == "middle":
        return StreamingResponse(_failing(), media_type="text/plain")
    if rest == "denied":
        raise HTTPException(403, headers={"X-Why": "not yours"})
    raise Broken(rest)


async def _failing() -> AsyncIterator[bytes]:
    yield PIECES[2]
    raise Broken("unhandled")


@app.api_route("/file/{rest}", methods=["GET", "HEAD"])
async def file(rest: str) -> Any:
    """
    A file, with ranges and validators of Starlette's.
    """
    return FileResponse(FILE, filename="rows.txt" if rest == "attachment" else None, headers={"X-File": rest})


@app.get("/later/{case}")
async def later(case: str, tasks: BackgroundTasks) -> Any:
    """
    Work after the answer, in a thread and in the loop.
    """
    tasks.add_task(NOTES.add, case, "after the answer")
    tasks.add_task(_last, case)
    return JSONResponse({"case": case}, 202, background=tasks)


async def _last(case: str) -> None:
    await asyncio.sleep(0)
    NOTES.add(case, "done")


@app.get("/session/{name}", response_class=HTMLResponse)
async def session(name: str, response: Response) -> Any:
    """
    A page with a cookie.
    """
    response.set_cookie("name", name, httponly=True)
    return "<p>page</p>" * 200


@app.get("/redirect/{rest}")
async def redirect(rest: str) -> Any:
    """
    Somewhere else.
    """
    return RedirectResponse(f"/items/{rest}", 307)


@app.get("/seen/{case}")
async def seen(case: str) -> Any:
    """
    What was noted of a case.
    """
    return Response(NOTES.of(case), media_type="application/json")


@app.websocket("/ws/{room}")
async def talk(socket: WebSocket, room: str) -> None:
    """
    What is said comes back, until `bye`.
    """
    await socket.accept(subprotocol=None)
    while (text := await socket.receive_text()) != "bye":
        if text == "break":
            raise Broken("in a websocket")
        await socket.send_text(f"{room}: {text}")
    await socket.close(4001)


app.mount("/static", StaticFiles(directory=Path(__file__).parent))


@app.api_route("/{name}", methods=METHODS)
async def fixed(name: str) -> Any:
    """
    An answer that is always the same.
    """
    status, headers, body = FIXED.get(name, FIXED["missing"])
    answer = Response(b"" if status in (204, 304) else body, status)
    answer.raw_headers = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in headers]
    if status not in (204, 304):
        answer.raw_headers.append((b"content-length", b"%d" % len(body)))
    return answer
