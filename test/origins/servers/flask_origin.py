# Flask under WSGI, where the server decodes the path before the router sees it, and a header's "-" and "_" are one.

import os
import re

from flask import Flask, request

app = Flask(__name__)


def ran(what):
    with open(os.environ["ORIGIN_LOG"], "a") as log:
        log.write("%s %s\n" % (request.environ.get("HTTP_X_PROBE", "-"), what))
    return what


class Overrides:
    """Reads the headers by which a request may claim to be another one."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        for name in ("HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD"):
            if name in environ:
                environ["REQUEST_METHOD"] = environ[name].upper()
        for name in ("HTTP_X_ORIGINAL_URL", "HTTP_X_REWRITE_URL"):
            if name in environ:
                environ["PATH_INFO"] = environ[name].split("?")[0]
        return self.inner(environ, start_response)


app.wsgi_app = Overrides(app.wsgi_app)
app.url_map.strict_slashes = False
ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def route(path, what, methods=ANY):
    app.add_url_rule(path, "%s %s" % (path, methods), lambda **_: ran(what), methods=methods)


def vhost(item):
    environ = request.environ
    forwarded = re.search(r'host="?([^;,"]+)', environ.get("HTTP_FORWARDED", ""), re.I)
    host = forwarded.group(1) if forwarded else environ.get("HTTP_X_FORWARDED_HOST", environ.get("HTTP_HOST", ""))
    name = re.sub(r":\d*$", "", host.split(",")[0].strip()).rstrip(".").lower()
    return ran("paid" if name == "paid.example" else "free")


route("/paid/report", "paid")
route("/vault/<path:rest>", "paid")
route("/sold/<path:rest>", "paid")
route("/closed", "paid")
route("/jobs", "free", ["GET"])
route("/jobs", "paid", ["POST"])
app.add_url_rule("/vhost/<item>", "vhost", vhost, methods=ANY)
route("/free/<path:rest>", "free")
route("/open/<path:rest>", "open")
route("/Case/Gold", "paid")
route("/Case/gold", "free")

if __name__ == "__main__":
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", int(os.environ["PORT"]), app, threaded=True)
