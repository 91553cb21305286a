"""The real Prometheus and promtool, on loopback, with temporary data."""

import json
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from waiting import finished, wait_until

PROJECT = Path(__file__).resolve().parents[2]
RULES = PROJECT / "deploy" / "prometheus" / "rules.yml"
SECONDS_OF = {"m": 1, "h": 60}


def program(name):
    found = shutil.which(name)
    assert found, f"no '{name}' on the PATH: run 'scripts/setup prometheus'"
    return found


def promtool(*arguments, given=None):
    """Returns exit code and output."""
    done = subprocess.run(
        [program("promtool"), *map(str, arguments)], input=given, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def rules_in_a_hurry():
    """Returns the rules with every minute replaced by a second, so that ten minutes become ten seconds."""
    lines = []
    for line in RULES.read_text().splitlines():
        if not line.lstrip().startswith(("#", "summary:", "description:")):
            line = re.sub(r"\b(\d+)([mh])\b", lambda found: f"{int(found[1]) * SECONDS_OF[found[2]]}s", line)
        lines.append(line)
    return "\n".join(lines) + "\n"


def free_port():
    """Returns a port that the system has just assigned and that is free now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """Scrapes one collector once a second, and evaluates the rules at the same interval."""

    def __init__(self, folder, metrics_port):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        (self.folder / "rules.yml").write_text(rules_in_a_hurry())
        (self.folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{
                "job_name": "touchpoint",
                "static_configs": [{"targets": [f"127.0.0.1:{metrics_port}"]}],
            }],
        }))
        self.log_path = self.folder / "prometheus.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    program("prometheus"), f"--config.file={self.folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": os.environ["PATH"]},
            )
        wait_until("an answer from Prometheus", self._is_ready, bound=60)

    def _is_ready(self):
        assert self.process.poll() is None, f"Prometheus ended:\n{self.log_path.read_text()}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=20) as answer:
            return json.load(answer)["data"]

    def firing(self):
        """Returns the names of the alerts that fire now."""
        return {
            alert["labels"]["alertname"] for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"
        }

    def value(self, expression):
        """Returns the only number that an expression yields; None without one."""
        found = self._get("query?" + urllib.parse.urlencode({"query": expression}))["result"]
        assert len(found) < 2, found
        return float(found[0]["value"][1]) if found else None

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def compiled(source, folder):
    """Compiles a library to preload, in a folder where tests may write."""
    library = Path(folder) / f"{source.stem}.so"
    compiler = shutil.which("cc") or shutil.which("clang")
    assert compiler, "no C compiler: neither 'cc' nor 'clang' is on the PATH"
    code, output, errors = finished([compiler, "-O2", "-fPIC", "-shared", "-o", library, source, "-ldl"])
    assert code == 0, output + errors
    return library
