"""A server in the place of a collector, which gives its first request one answer, and every later one 200."""

import http.server
import threading
import time

COMMITTED = (200, {"Content-Type": "application/json"}, b'{"success":true,"status":"committed","events":1}')


class Answering:
    """`with Answering(status, headers, body) as server:` notes in `times` when requests came."""

    def __init__(self, status, headers=None, body=b""):
        answers = [(status, headers or {}, body)]
        times = self.times = []
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with lock:
                    times.append(time.monotonic())
                    code, fields, text = answers.pop() if answers else COMMITTED
                self.send_response(code)
                for name, value in fields.items():
                    self.send_header(name, value)
                if code != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if code != 204:
                    self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
