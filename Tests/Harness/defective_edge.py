"""Must-fail twins of the edge: a collector behind a proxy that adds one defect.

The collector itself is the real one. What is changed on the way is what an edge with the defect would have seen or
answered, so a check that passes here could not have found the defect.
"""

import http.client
import http.server
import threading
from urllib.parse import urlsplit

from http_edge import KEY, Edge


def ignores_keys_in_bodies(headers, body):
    """Looks for keys in headers and queries alone."""
    return headers, body.replace(b'"writeKey"', b'"ignored"')


def takes_any_key_in_bodies(headers, body):
    """Looks whether a body has a key, and not which."""
    return (headers | {"X-Write-Key": KEY} if b'"writeKey"' in body else headers), body


def takes_the_leftmost_address(headers, body):
    """Believes what clients write into X-Forwarded-For."""
    return {name: value.split(",")[0] if name == "X-Forwarded-For" else value for name, value in headers.items()}, body


def allows_every_page(headers):
    """Answers `*` to pages, as servers do that want no trouble with CORS."""
    kept = {name: value for name, value in headers.items() if not name.lower().startswith("access-control-allow-")}
    return kept | {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}


class DefectiveEdge(Edge):
    """`with DefectiveEdge(collector, request=…, answer=…) as web:` has requests or answers changed on their way."""

    def __init__(self, collector, request=None, answer=None):
        super().__init__(collector)
        behind = self.address

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name: value for name, value in self.headers.items() if name != "Content-Length"}
                if request:
                    headers, body = request(headers, body)
                connection = http.client.HTTPConnection(*behind, timeout=30)
                try:
                    connection.request(self.command, self.path, body if self.command == "POST" else None, headers)
                    response = connection.getresponse()
                    self.answer(response, response.read())
                finally:
                    connection.close()

            def answer(self, response, body):
                headers = dict(response.getheaders())
                if answer:
                    headers = answer(headers)
                self.send_response_only(response.status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_OPTIONS = pass_on

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = self.server.server_address[:2]
        self.url = urlsplit(self.url)._replace(netloc="%s:%d" % self.address).geturl()
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
