"""A collector with an HTTP source, and clients that send to it."""

import http.client
import json
import socket
from urllib.parse import urlsplit

from readback import lines_by_zcat, taken_apart
from waiting import wait_for_input

KEY = "a-key-of-the-shop"


def source(**more):
    """An HTTP source with one key; the system chooses the port."""
    return {
        "name": "web", "pattern": "http", "bind": ["127.0.0.1:0"],
        "keys": [{"name": "shop-web", "key": KEY, "origins": ["https://*.shop.example"]}],
    } | more


class Edge:
    """Requests to the source `web` of a collector."""

    def __init__(self, collector, name="web"):
        self.collector = collector
        self.url = collector.endpoint(name)
        self.address = (urlsplit(self.url).hostname, urlsplit(self.url).port)

    def connect(self):
        return http.client.HTTPConnection(*self.address, timeout=30)

    def ask(self, method, path, body=None, headers=None, key=KEY):
        """Sends one request on a connection of its own; returns status, headers and body."""
        connection = self.connect()
        try:
            fields = {"X-Write-Key": key} if key else {}
            connection.request(method, path, body, fields | (headers or {}))
            return read(connection)
        finally:
            connection.close()

    def post(self, body, path="/v1/events", headers=None, key=KEY):
        """Posts, and returns status and JSON of the answer."""
        status, _, answer = self.ask("POST", path, body, headers, key)
        assert status not in (202, 204), status
        return status, json.loads(answer)

    def raw(self, *parts, end=False):
        """Sends bytes as they are; returns all that comes until the other end closes."""
        with socket.create_connection(self.address) as connection:
            for part in parts:
                connection.sendall(part)
            if end:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                wait_for_input("an answer, or the end of the connection", connection)
                more = connection.recv(1 << 16)
                if not more:
                    return answer
                answer += more

    def written(self):
        """Metadata and events of all sealed files, after sealing."""
        self.collector.seal()
        return [(metadata, json.loads(event)) for metadata, event in map(taken_apart, lines_by_zcat(self.collector.data))]


def read(connection):
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()
