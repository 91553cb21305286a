"""The unit under a real systemd, in an otherwise empty root: everything it forbids is forbidden there."""

import json
import re
import shutil

import pytest

from bare_root import PROJECT, BootedRoot, make_install
from waiting import wait_until


def properties(root, *names):
    code, output, errors = root.inside("systemctl", "show", "touchpointd", f"--property={','.join(names)}")
    assert code == 0, errors
    return dict(line.split("=", 1) for line in output.splitlines())


def journal(root):
    return root.inside("journalctl", "--unit=touchpointd", "--no-pager")[1]


def wait_for_state(root, **wanted):
    try:
        wait_until(f"{wanted}", lambda: properties(root, *wanted) == wanted)
    except AssertionError as failure:
        raise AssertionError(f"{failure}; it is {properties(root, *wanted)}\n{journal(root)}") from None


def done(root, *command):
    code, output, errors = root.inside(*command)
    assert code == 0, f"{' '.join(command)}: exit code {code}\n{output}{errors}{journal(root)}"
    return output


def mounts(root):
    """Returns the options of each mount that the daemon sees, by its place; the last one hides earlier ones."""
    process = properties(root, "MainPID")["MainPID"]
    lines = done(root, "cat", f"/proc/{process}/mountinfo").splitlines()
    return {line.split()[4]: set(line.split()[5].split(",")) for line in lines}


@pytest.mark.bare_root
def test_the_unit_collects_restarts_after_a_crash_and_ends(touchpoint):
    with BootedRoot() as root:
        code, output = make_install(root.place, f"RELEASE={touchpoint}")
        assert code == 0, output
        shutil.copy(PROJECT / "samples/completejourney.ndjson", root.place / "events.ndjson")
        # A source over libzmq, which ends the process where the unit forbids what it needs.
        settings = root.place / "etc/touchpoint/touchpointd.yaml"
        text = settings.read_text()
        source = '  - { name: feed, pattern: sub, bind: ["tcp://127.0.0.1:5599"] }\n'
        assert text.count("\n  - name: reliable\n") == 1
        settings.write_text(text.replace("\n  - name: reliable\n", f"\n{source}  - name: reliable\n"))
        root.boot()
        wait_until("systemd's answer", lambda: root.inside("systemctl", "show", "touchpointd")[0] == 0)
        wait_for_state(root, ActiveState="active", NRestarts="0")

        seen = mounts(root)
        assert "ro" in seen["/"] and "noexec" in seen["/"], seen
        for place in ("/usr/bin", "/usr/lib"):
            assert "ro" in seen[place] and "noexec" not in seen[place], (place, seen[place])
        for place in ("/var/lib/touchpoint", "/run/touchpoint", "/tmp", "/var/tmp", "/dev/shm"):
            assert "noexec" in seen[place], (place, seen[place])

        sent = done(root, "touchpoint-send", "--pattern", "dealer", "--batch", "50", "/events.ndjson")
        assert sent.startswith("sent 4001, acknowledged 4001, "), sent
        sources = json.loads(done(root, "touchpointctl", "status", "--json"))["sources"]
        assert [source["name"] for source in sources] == ["producers", "feed", "reliable"]
        done(root, "systemctl", "reload", "touchpointd")

        done(root, "systemctl", "kill", "--kill-whom=main", "--signal=SEGV", "touchpointd")
        wait_for_state(root, ActiveState="active", NRestarts="1")
        text = journal(root)
        assert re.search(r"code=killed, status=11/SEGV", text), text
        assert not re.search(r"backtrac|core-dump|dumped", text, re.I), text

        wait_until("the end of the recovery", lambda: "recovery done " in journal(root).partition("11/SEGV")[2])
        done(root, "touchpointctl", "seal")
        files = list((root.place / "var/lib/touchpoint/events").rglob("*.ndjson.gz"))
        # The unit's mask is 0077; what analysts read follows the state folder's mode.
        assert properties(root, "UMask") == {"UMask": "0077"}
        assert files and all(file.stat().st_mode & 0o777 == 0o640 for file in files)
        assert all(file.parent.stat().st_mode & 0o777 == 0o750 for file in files)
        done(root, "systemctl", "stop", "touchpointd")
        wait_for_state(root, ActiveState="inactive", Result="success", ExecMainStatus="0")
        report = done(root, "touchpointctl", "verify", "/var/lib/touchpoint")
        assert report.endswith("ok\n") and "4,001 events" in report, report
        assert root.power_off() == 0
