"""An HTTP server for tests: answers as it is told, records requests; or passes them on to a real collector.

It answers as the contract of the collector's `http` sources says. It is no collector: it keeps nothing.
"""

import gzip
import http.server
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

import zmq

RESET = "reset"  # in place of an answer: the connection is reset
SILENCE = "silence"  # in place of an answer: nothing, until the test is over


@dataclass
class Reply:
    status: int
    body: object
    headers: dict = field(default_factory=dict)
    close: bool = False  # the connection, after the answer
    seconds: float = 0.0  # until the answer


@dataclass
class Request:
    path: str
    headers: dict
    events: list
    at: float
    client: tuple


def committed(events, **more):
    return Reply(200, {"success": True, "status": "committed", "events": events, "quarantined": [], **more})


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server.owner
        body = self.rfile.read(int(self.headers["Content-Length"]))
        raw = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
        request = Request(self.path, dict(self.headers), json.loads(raw), time.monotonic(), self.client_address)
        reply = server.reply_to(request, raw, body)
        if reply == RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if reply == SILENCE:
            server.over.wait()
            self.close_connection = True
            return
        server.over.wait(reply.seconds)
        text = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(text))} | reply.headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)
        self.close_connection = reply.close

    def log_message(self, *arguments):
        pass

    def handle(self):
        self.server.owner.count_connection(1)
        try:
            super().handle()
        finally:
            self.server.owner.count_connection(-1)

    def finish(self):
        if self.connection.fileno() >= 0:
            super().finish()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class RecordingServer:
    """`replies` are used one by one; after them every event is committed, or `pass_on` decides."""

    def __init__(self):
        self.requests, self.replies = [], []
        self.over = threading.Event()
        self.pass_on = None
        self.open_connections = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.address = self._server.server_address
        self.endpoint = f"http://127.0.0.1:{self.address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply_to(self, request, raw, body):
        with self._lock:
            self.requests.append(request)
            if self.replies:
                return self.replies.pop(0)
        return self.pass_on(raw, body) if self.pass_on else committed(len(request.events))

    def encrypt(self, context):
        """Uses TLS for connections from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def count_connection(self, change):
        with self._lock:
            self.open_connections += change

    @property
    def events(self):
        return [event for request in self.requests for event in request.events]


def to_collector(endpoint, seconds):
    """Passes bodies on to the router source of a real collector; 503 without an answer in time."""

    def pass_on(_, body):
        with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
            dealer.linger = 0
            dealer.connect(endpoint)
            dealer.send_multipart([b"1", body])
            answer = json.loads(dealer.recv_multipart()[1]) if dealer.poll(int(seconds * 1000)) else {}
        if answer.get("status") == "committed":
            return Reply(200, {"success": True, **answer})
        return Reply(503, {"code": "timeout", "message": "no commit in time"}, {"Retry-After": "0"})

    return pass_on
