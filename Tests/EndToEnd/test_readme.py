"""The commands of README.md, line by line, and the output that it shows."""

import json
import os
import re
import subprocess

import duckdb

import pages
from waiting import BOUND_SECONDS, wait_until

README = "README.md"
# Each line is run unchanged; these wrappers add what it does not say: where to listen and where the socket is.
WRAPPERS = {
    "touchpointd": 'exec "$REAL/touchpointd" --config "$FOLDER/readme.json" "$@" >/dev/null',
    "touchpoint-send": '"$REAL/touchpoint-send" --to "$ENDPOINT" "$@"',
    "touchpointctl": 'verb=$1; shift; if [[ $verb != verify ]]; then set -- --socket "$SOCKET" "$@"; fi; '
    '"$REAL/touchpointctl" "$verb" "$@"',
}


@pages.runs(README, "start and send", "not JSON", "seal", "numbers", "by channel")
def test_two_minutes_by_hand(touchpoint, daemon, tmp_path):
    # A collector created only for its configuration: the page starts it.
    collector = daemon(start=False, storage={"directory": "./touchpoint-data", "minimumFree": "1MiB"})
    collector.start()
    endpoint = collector.endpoint("reliable")
    collector.settings["sources"][1]["bind"] = [endpoint]
    collector.drain()
    (tmp_path / "readme.json").write_text(json.dumps(collector.settings))
    (tmp_path / "samples").symlink_to(pages.PROJECT / "samples")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in WRAPPERS.items():
        (programs / name).write_text(f"#!/bin/bash\n{text}\n")
        (programs / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}", "REAL": str(touchpoint), "FOLDER": str(tmp_path),
        "ENDPOINT": endpoint, "SOCKET": str(collector.socket),
    }

    def shell(name):
        text = pages.block(README, name).text.replace("export PATH=", "UNUSED=")
        done = subprocess.run(
            ["bash", "-c", text], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=BOUND_SECONDS,
        )
        return done.stdout + done.stderr

    sent = shell("start and send")
    try:
        assert re.search(r"^sent 4001, acknowledged 4001, rejected 0, quarantined 0, ", sent, re.M), sent
        refused = shell("not JSON")
        assert re.search(r"^sent 2, acknowledged 1, rejected 0, quarantined 1, ", refused, re.M), refused
        assert "standard input line 2: quarantined: invalid_json" in refused
        sealed = shell("seal")
        assert '"event":"Hello"' in sealed and '"payload":"not json"' in sealed, sealed
        with duckdb.connect() as database:
            query = pages.block(README, "by channel").text.replace("touchpoint-data", str(tmp_path / "touchpoint-data"))
            rows = dict(database.execute(query).fetchall())
        assert rows["web"] >= 1 and sum(rows.values()) == 4002
        numbers = shell("numbers")
        assert "4,001" in numbers and re.search(r"^ok$", numbers, re.M), numbers
        wait_until("the end of touchpointd", lambda: not answers(touchpoint, collector))
    finally:
        if answers(touchpoint, collector):
            shell("numbers")


def answers(touchpoint, collector):
    done = subprocess.run(
        [touchpoint / "touchpointctl", "ping", "--socket", collector.socket], capture_output=True, timeout=BOUND_SECONDS,
    )
    return done.returncode == 0
