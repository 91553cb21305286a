"""A real Chromium, driven by the WebDriver protocol, and a web site of our own for its pages."""

import base64
import contextlib
import http.client
import http.server
import json
import shutil
import subprocess
import threading

from waiting import wait_until


class Browser:
    """One page at a time in a Chromium without a window."""

    def __init__(self, folder):
        driver = shutil.which("chromedriver")
        assert driver and shutil.which("chromium"), "install chromium and chromium-driver: make setup"
        self.log = folder / "chromedriver.log"
        self.process = subprocess.Popen(
            [driver, "--port=0", f"--log-path={self.log}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
        line = next(text for text in self.process.stdout if "started successfully on port" in text)
        self.port = int(line.rstrip(".\n").rsplit(" ", 1)[1])
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
            f"--user-data-dir={folder / 'profile'}",
        ]
        options = {"binary": shutil.which("chromium"), "args": arguments}
        self.session = ""
        made = self.ask("POST", "", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self.session = "/" + made["sessionId"]

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request(method, f"/session{self.session}{path}", None if body is None else json.dumps(body))
            value = json.loads(connection.getresponse().read())["value"]
        assert not (isinstance(value, dict) and "error" in value), value
        return value

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs a script with `await`; returns what it returns."""
        text = f"const done = arguments[arguments.length - 1]; (async () => {{ {script} }})().then(done, e => done('' + e))"
        return self.ask("POST", "/execute/async", {"script": text, "args": list(arguments)})

    def picture(self, width):
        """A PNG of the whole page in a window so wide."""
        self.ask("POST", "/window/rect", {"width": width, "height": 400})
        # A window has a frame, which is part of its size.
        wanted = self.run("return document.documentElement.scrollHeight - innerHeight")
        self.ask("POST", "/window/rect", {"width": width, "height": 400 + wanted})
        return base64.b64decode(self.ask("GET", "/screenshot"))

    def close(self):
        with contextlib.suppress(OSError, AssertionError):
            self.ask("DELETE", "")
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Site:
    """Serves its files, by path as type and text, and an empty page under any other path."""

    def __init__(self):
        files = self.files = {}

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                kind, text = files.get(self.path, ("text/html", "<!doctype html><title>shop</title>"))
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        port = self.server.server_address[1]
        # Another site than the collector's address.
        self.origin = f"http://localhost:{port}"
        wait_until("the site to answer", lambda: self.thread.is_alive())

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
