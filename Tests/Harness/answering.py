"""A server in the place of a collector, which answers the first request as it is told, and every later one with 200."""

import http.server
import threading
import time

COMMITTED = (200, {"Content-Type": "application/json"}, b'{"success":true,"status":"committed","events":1}')


class Answering:
    """`with Answering(status, headers, body) as server:` notes when requests came in `times`, and their `methods`."""

    def __init__(self, status, headers=None, body=b"", tls=None):
        answers = [(status, headers or {}, body)]
        times, methods = self.times, self.methods = [], []
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with lock:
                    times.append(time.monotonic())
                    methods.append(self.command)
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
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
