"""
The example in Flask.
"""

import json
from pathlib import Path
from typing import Any

import flask
from contents import FILE, FIXED, NOTES, ODD_STATUSES, PIECES, TEXT, Broken, Closing, digest, echoed, generated

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]

app = flask.Flask(__name__, static_folder=str(Path(__file__).parent), static_url_path="/static")


@app.errorhandler(418)
def teapot(error: Any) -> Any:
    """
    What is said where `abort(418)` was.
    """
    return flask.jsonify(error="teapot"), 418


@app.route("/items/<item>", methods=METHODS)
def items(item: str) -> Any:
    """
    A list as JSON.
    """
    return flask.jsonify(id=item, query=flask.request.query_string.decode("latin-1"), items=TEXT.decode().split("\n"))


@app.route("/echo", methods=METHODS)
@app.route("/echo/<path:rest>", methods=METHODS)
def echo(rest: str = "") -> Any:
    """
    The request as it came.
    """
    asked = flask.request
    headers = sorted(asked.headers.items())
    query = asked.query_string.decode("latin-1")
    told = echoed(asked.method, asked.path, query, headers, asked.get_data())
    return flask.Response(told, mimetype="application/json")


@app.route("/upload/<rest>", methods=METHODS)
def upload(rest: str) -> Any:
    """
    The digest of what was sent.
    """
    if rest == "unread":
        return flask.jsonify(read=False)
    body = b"".join(flask.request.stream) if rest == "lines" else flask.request.get_data()
    return flask.Response(digest(body), mimetype="application/json")


@app.route("/stream/<rest>", methods=METHODS)
def stream(rest: str) -> Any:
    """
    Pieces, with the request's context or without.
    """
    pieces = (piece for piece in PIECES) if rest == "plain" else flask.stream_with_context(generated())
    return flask.Response(pieces, mimetype="text/plain")


@app.route("/status/<int:status>", methods=METHODS)
def status(status: int) -> Any:
    """
    A status that few have.
    """
    return flask.Response("an odd one", f"{status} {ODD_STATUSES.get(status, 'Unheard Of')}")


@app.route("/broken/<rest>", methods=METHODS)
def broken(rest: str) -> Any:
    """
    Fails before the answer or in the middle of it.
    """
    if rest == "middle":
        return flask.Response(generated(fails_after=3), mimetype="text/plain")
    if rest == "first":
        return flask.Response(Closing(fails_after=0), mimetype="text/plain")
    if rest == "teapot":
        flask.abort(418)
    raise Broken(rest)


@app.route("/file/<rest>", methods=METHODS)
def file(rest: str) -> Any:
    """
    A file with a validator and ranges, or as it is.
    """
    return flask.send_file(FILE, conditional=rest != "plain", etag="of-the-file", last_modified=1_600_000_000)


@app.route("/closed/<case>", methods=METHODS)
def closed(case: str) -> Any:
    """
    What is noted of an answer that is gone through, and of what Flask calls on its close.
    """
    answer = flask.Response(generated(case), mimetype="text/plain")
    answer.call_on_close(lambda: NOTES.add(case, "on close"))
    return answer


@app.route("/session/<name>", methods=METHODS)
def session(name: str) -> Any:
    """
    A cookie that the application may have set.
    """
    answer = flask.make_response(flask.render_template_string("<p>{{ name }}</p>" * 60, name=name))
    answer.set_cookie("name", name, httponly=True)
    return answer


@app.route("/seen/<case>", methods=METHODS)
def seen(case: str) -> Any:
    """
    What was noted of a case.
    """
    return flask.Response(NOTES.of(case), mimetype="application/json")


@app.route("/", methods=METHODS, defaults={"name": ""})
@app.route("/<name>", methods=METHODS)
def fixed(name: str) -> Any:
    """
    An answer that is always the same.
    """
    if name == "visible":
        told = {"keys": list(flask.request.environ), "context": flask.has_app_context()}
        return flask.Response(json.dumps(told), mimetype="application/json")
    status, headers, body = FIXED.get(name, FIXED["missing"])
    answer = flask.Response(body, status)
    answer.headers.clear()
    answer.headers.extend(headers)
    return answer
