"""Inputs and table in an object store, over S3's protocol: a server on loopback, and the job's own access to it."""

import json
import socket
import subprocess
import sys

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from obstore.store import S3Store

from waiting import wait_until

BUCKET = "lake"


@pytest.fixture
def store(environment, tmp_path, monkeypatch):
    """Starts the server; the job and this test find it by the environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    named = {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
    }
    environment.update(named)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
    try:
        wait_until("the server", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 60)
        command = f"import urllib.request as r; r.urlopen(r.Request('{url}/{BUCKET}', method='PUT')).read()"
        subprocess.run([sys.executable, "-c", command], check=True, timeout=60)
        yield S3Store(BUCKET)
    finally:
        server.kill()
        server.wait()


def test_inputs_and_table_in_a_store(nodes, store, compact):
    for folder in nodes.folders:
        for path in folder.rglob("*"):
            name = str(path.relative_to(folder))
            if path.is_file() and name.startswith(("events/", "manifest/")):
                obstore.put(store, f"shipped/{name}", path)
    table = f"s3://{BUCKET}/table"
    done = compact("duckdb", f"s3://{BUCKET}/shipped", table, "--unit-bytes", "500KiB")
    assert len(done.units) > 1
    assert sum(unit[1] for unit in done.units) == nodes.written
    assert sum(unit[2] for unit in done.units) == nodes.duplicates
    assert compact("duckdb", f"s3://{BUCKET}/shipped", table).units == []
    delta = DeltaTable(table)
    assert delta.transaction_version("touchpoint") == len(done.units)
    counted = [json.loads(entry["touchpoint"])["written"] for entry in delta.history() if "touchpoint" in entry]
    assert sum(counted) == nodes.written
    rows = 0
    for uri in delta.file_uris():
        content = bytes(obstore.get(store, uri.removeprefix(f"s3://{BUCKET}/")).bytes())
        rows += pq.read_metadata(pa.BufferReader(content)).num_rows
    assert rows == nodes.written
