"""The code on LAKE.md, run on the folders of two real collectors."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pages
import pyspark
import pytest

from folders import PROJECT, places

PAGE = "docs/LAKE.md"
BOUND = 400.0


@pytest.fixture
def place(nodes, tmp_path):
    """A folder with the project's `lake`, one collector's `data`, and both collectors' folders."""
    (tmp_path / "lake").symlink_to(PROJECT / "lake")
    shutil.copytree(nodes.folders[0], tmp_path / "data")
    for name, folder in zip(("c1", "c2"), nodes.folders):
        shutil.copytree(folder, tmp_path / name / "data")
    return tmp_path


def run(place, environment, name):
    found = pages.block(PAGE, name)
    # `python3` and `spark-submit` are those of this environment.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    text = found.text if found.language == "sh" else f"python3 -B - <<'END'\n{found.text}END\n"
    done = subprocess.run(["bash", "-ec", text], cwd=place, env=environment | {"PATH": path}, capture_output=True, text=True, timeout=BOUND)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


def test_the_page(nodes, place, environment):
    ran = ["compact", "compact two", "duckdb", "spark", "pandas", "spark-submit"]
    named = [block for block in pages.blocks(PAGE) if block.language]
    assert [block.name for block in named if block.mark == "run"] and {b.name for b in named if b.mark == "run"} == set(ran)
    assert all(block.mark in ("run", "not run") for block in named)
    assert Path(pyspark.__file__).exists()
    said = run(place, environment, "compact")
    assert "refused" in said and said.endswith("no day is known to be complete\n")
    assert len(run(place, environment, "compact two")) > 0
    assert len(places(place / "both")) == nodes.written
    for name in ("duckdb", "spark", "pandas"):
        assert "Order Completed" in run(place, environment, name)
    run(place, environment, "spark-submit")
    assert places(place / "by-spark") == places(place / "table")
