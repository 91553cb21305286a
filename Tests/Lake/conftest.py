"""Fixtures: the built programs, the job of `lake/`, and data folders written by real collectors."""

import os
import sys
from pathlib import Path

import pytest

from folders import PROJECT, Outcome, write_two_nodes
from waiting import finished

pytest_plugins = ["programs"]
# Spark starts slowly on a loaded machine.
JOB_SECONDS = 400.0

# Spark is made for far more than a few thousand events: these settings suit a machine of two cores.
SPARK_DEFAULTS = """
spark.master local[2]
spark.ui.enabled false
spark.sql.shuffle.partitions 2
"""


@pytest.fixture(scope="session")
def nodes(touchpoint, tmp_path_factory):
    """The data folders of two collectors that were sent odd events, many events, and some of them both."""
    return write_two_nodes(touchpoint, tmp_path_factory.mktemp("nodes"))


@pytest.fixture(scope="session")
def spark_settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(SPARK_DEFAULTS)
    return folder


@pytest.fixture
def environment(tmp_path, spark_settings):
    """Variables for the job: its temporary files are in the test's folder."""
    work = tmp_path / "work"
    work.mkdir()
    return os.environ | {
        "TMPDIR": str(work), "SPARK_CONF_DIR": str(spark_settings), "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONDONTWRITEBYTECODE": "1",
        "SPARK_LOCAL_DIRS": str(work), "PYSPARK_PYTHON": sys.executable,
    }


@pytest.fixture
def compact(environment, tmp_path):
    """Runs the job: compact("duckdb", inputs, table, "--optimize", expect=0)."""

    def run(engine, inputs, table, *more, expect=0, program=(sys.executable, "-B")):
        inputs = [inputs] if isinstance(inputs, (str, Path)) else inputs
        named = [part for folder in inputs for part in ("--input", folder)]
        variables = [f"{name}={environment[name]}" for name in environment if environment[name] != os.environ.get(name)]
        command = ["env", f"--chdir={tmp_path}", *variables, *program, PROJECT / "lake" / "compact.py"]
        code, output, errors = finished([*command, "--engine", engine, *named, "--table", table, *more], JOB_SECONDS)
        assert code == expect, f"exit code {code}, not {expect}\n{output}\n{errors[-4000:]}"
        return Outcome(output, errors)

    return run
