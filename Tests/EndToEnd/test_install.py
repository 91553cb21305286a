"""What `make install` installs, and that it runs where only Debian's runtime packages are."""

import os
import re
import shutil
import subprocess

import pytest

from bare_root import PROJECT, BareRoot, make_install
from programs import PROGRAMS
from waiting import finished, wait_until

NO_PROC = 74
# Programs whose own C code calls libc functions that have a checked form.
WITH_CHECKED_CALLS = ("touchpointd", "touchpointctl")


def read_elf(program):
    code, output, errors = finished(
        ["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", program]
    )
    assert code == 0, errors
    return output


def weaknesses(program):
    """Returns the deviations of a program from what it should be."""
    text = read_elf(program)
    imported = re.findall(r" UND (\w+)", text)
    found = {
        "not position independent": not re.search(r"Type: +DYN ", text) or not re.search(r"FLAGS_1\).* PIE", text),
        "tables of the linker stay writable": "GNU_RELRO" not in text or not re.search(r"FLAGS\) +BIND_NOW", text),
        "executable stack": not re.search(r"GNU_STACK +(\S+ +){5}RW ", text),
        "looks for libraries in folders of its own": bool(re.search(r"\((RPATH|RUNPATH)\)", text)),
        "needs libraries of the toolchain":
            bool(re.search(r"NEEDED\).*\[lib(swift|_?Foundation|dispatch|Blocks)", text)),
        "no protection of the stack": "__stack_chk_fail" not in imported,
        "no checked calls": program.name in WITH_CHECKED_CALLS
        and not any(re.fullmatch(r"__(?!stack)\w+_chk", name) for name in imported),
    }
    return [weakness for weakness, is_there in found.items() if is_there]


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_hardened_and_need_no_toolchain(touchpoint, name):
    assert weaknesses(touchpoint / name) == []


def test_weaknesses_are_seen(tmp_path):
    source, program = tmp_path / "weak.c", tmp_path / "touchpointd"
    source.write_text(
        "#include <stdio.h>\nint main(int n, char **a) { char b[64]; sprintf(b, \"%d\", n); return puts(b); }\n"
    )
    code, _, errors = finished([
        shutil.which("cc") or "clang", "-O2", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-no-pie",
        "-Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/opt/toolchain", "-o", program, source,
    ])
    assert code == 0, errors
    assert len(weaknesses(program)) == 6


def test_installs_what_is_built_without_a_toolchain(touchpoint, tmp_path):
    built = {name: (touchpoint / name).stat().st_mtime_ns for name in PROGRAMS}
    code, output = make_install(tmp_path, "PREFIX=/opt/touchpoint", f"RELEASE={touchpoint}")
    assert code == 0, output
    for name in PROGRAMS:
        installed = tmp_path / "opt/touchpoint/bin" / name
        assert f"{installed}\n" in output
        assert os.access(installed, os.X_OK)
        assert ".symtab" not in finished(["readelf", "--wide", "--sections", installed])[1]
        assert installed.stat().st_size < (touchpoint / name).stat().st_size
        assert (touchpoint / name).stat().st_mtime_ns == built[name], "it was built again"
    unit = (tmp_path / "opt/touchpoint/lib/systemd/system/touchpointd.service").read_text()
    assert "\nExecStart=/opt/touchpoint/bin/touchpointd " in unit
    # A program outside /usr must be listed as one that may run.
    assert "\nExecPaths=/usr /opt/touchpoint/bin\n" in unit


def test_says_what_to_do_when_nothing_is_built(tmp_path):
    code, output = make_install(tmp_path / "root", f"RELEASE={tmp_path}")
    assert code != 0
    assert f"install: not built: {' '.join(PROGRAMS)}. Run 'make build' first" in output
    assert not (tmp_path / "root").exists()


@pytest.fixture(scope="module")
def root(touchpoint):
    with BareRoot() as bare:
        code, output = make_install(bare.place, f"RELEASE={touchpoint}")
        assert code == 0, output
        yield bare


@pytest.mark.bare_root
@pytest.mark.parametrize("name", PROGRAMS)
def test_runs_in_a_bare_root(root, name):
    code, output, errors = finished(root.enter(f"/usr/bin/{name}", "--version"))
    assert (code, errors) == (0, "")
    assert output.startswith(f"{name} ")


@pytest.mark.bare_root
@pytest.mark.parametrize("name", PROGRAMS)
def test_refuses_to_start_without_proc(root, name):
    code, output, errors = finished(root.without_proc(f"/usr/bin/{name}", "--version"))
    assert (code, output) == (NO_PROC, "")
    assert errors == f"{name}: /proc is not mounted here, so no arguments can be read; mount it\n"


@pytest.mark.bare_root
def test_collects_in_a_bare_root_with_the_installed_configuration(root, tmp_path):
    shutil.copy(PROJECT / "samples/completejourney.ndjson", root.place / "events.ndjson")
    log = tmp_path / "log"
    with log.open("wb") as file:
        daemon = subprocess.Popen(
            root.enter("/usr/bin/touchpointd", "--config", "/etc/touchpoint/touchpointd.yaml"), stderr=file,
        )

    def inside(*command):
        code, output, errors = finished(root.join(daemon, *command))
        assert code == 0, f"{' '.join(command)}: exit code {code}\n{output}{errors}{log.read_text()}"
        return output

    try:
        wait_until(
            "a healthy daemon",
            lambda: daemon.poll() is not None
            or finished(root.join(daemon, "/usr/bin/touchpointctl", "status"))[0] == 0,
        )
        assert "state             running\n" in inside("/usr/bin/touchpointctl", "status")
        sent = inside("/usr/bin/touchpoint-send", "--pattern", "dealer", "--batch", "50", "/events.ndjson")
        assert sent.startswith("sent 4001, acknowledged 4001, rejected 0, quarantined 0, "), sent
        daemon.terminate()
        wait_until("the end of the daemon", lambda: daemon.poll() is not None)
        assert daemon.returncode == 0, log.read_text()
    finally:
        daemon.kill()
        daemon.wait()
    report = finished(root.enter("/usr/bin/touchpointctl", "verify", "/var/lib/touchpoint"))
    assert report[0] == 0 and report[1].endswith("ok\n") and "4,001 events" in report[1], report
