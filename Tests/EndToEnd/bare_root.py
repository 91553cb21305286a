"""A Debian root folder with only the packages that OPERATIONS.md names, and what was installed there."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from waiting import BOUND_SECONDS, finished, wait_until

PROJECT = Path(__file__).resolve().parents[2]
# The PATH under sudo: it contains no toolchain.
SUDO_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Mounts /proc, if requested, and brings up loopback, both for one process and those that join it.
_ENTER = '''root=$1; shift; ip link set lo up; mount -t proc proc "$root/proc"; exec chroot "$root" "$@"'''

_EXTRACT = '''dpkg-deb --fsys-tarfile "$0" | tar --extract --keep-directory-symlink --directory "$1"'''


def why_not_here():
    """Returns why no other root can be entered here; None if it can."""
    return None if os.geteuid() == 0 else "not root: no other root folder can be entered"


def run(*command, bound=BOUND_SECONDS):
    code, output, errors = finished(command, bound)
    assert code == 0, f"{' '.join(map(str, command))}: exit code {code}\n{output}{errors}"
    return output


def runtime_packages():
    """Returns the packages that OPERATIONS.md tells the operator to install."""
    [found] = re.findall(r"^sudo apt-get install --no-install-recommends (.+)$",
                         (PROJECT / "docs/OPERATIONS.md").read_text(), re.M)
    return found.split()


def make_install(root, *settings):
    """Runs `make install` as sudo would; returns the exit code and all output."""
    done = subprocess.run(
        ["make", "--directory", PROJECT, "install", f"DESTDIR={root}", *settings], env={"PATH": SUDO_PATH},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BOUND_SECONDS,
    )
    return done.returncode, done.stdout


class BareRoot:
    """`with BareRoot() as root:` creates a folder in `root.place`; `root.enter(…)` are commands that run in it."""

    # In addition to those that the operator installs.
    packages = ("base-files",)

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="touchpoint-root-"))
        self.place = self.folder / "root"
        try:
            self._unpack(self._packages())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def _packages(self):
        """Downloads the named packages and all their dependencies, for a system that has none yet."""
        (self.folder / "archives/partial").mkdir(parents=True)
        (self.folder / "status").touch()
        # Readable by apt's own user.
        self.folder.chmod(0o755)
        command = [
            "apt-get", "--quiet", "--yes", "--no-install-recommends", "--download-only",
            "-o", f"Dir::State::status={self.folder}/status", "-o", f"Dir::Cache::archives={self.folder}/archives",
            "install", *self.packages, *runtime_packages(),
        ]
        if finished(command, bound=300)[0] != 0:
            # Old package lists name versions that no longer exist.
            run("apt-get", "update", bound=300)
            run(*command, bound=300)
        return sorted((self.folder / "archives").glob("*.deb"))

    def _unpack(self, packages):
        for name in ("bin", "sbin", "lib", "lib64"):
            (self.place / "usr" / name).mkdir(parents=True)
            (self.place / name).symlink_to(f"usr/{name}")
        for package in packages:
            # Unlike `dpkg-deb --extract`, it keeps those links.
            run("sh", "-euc", _EXTRACT, package, self.place)
        (self.place / "proc").mkdir(exist_ok=True)
        assert (self.place / "lib").is_symlink(), "a root with folders of its own in place of /usr's"
        version = (self.place / "etc/debian_version").read_text()
        assert version.startswith("12."), f"packages of Debian 12 are needed; apt-get gives those of {version}"

    def without_proc(self, *command):
        return ["chroot", self.place, *command]

    def enter(self, *command):
        """Returns a command in the root, with /proc and its own loopback; everything ends with the process."""
        return [
            "unshare", "--mount", "--net", "--propagation", "private", "sh", "-euc", _ENTER, "sh", self.place, *command,
        ]

    def join(self, process, *command):
        """Returns a command in the root, joining a process that `enter` started."""
        return ["nsenter", f"--target={process.pid}", "--mount", "--net", "chroot", self.place, *command]


class BootedRoot(BareRoot):
    """A root with systemd, and Touchpoint's unit enabled; `boot` starts it, and it ends with the `with`."""

    packages = ("base-files", "base-passwd", "bash", "coreutils", "systemd", "systemd-sysv")

    def __enter__(self):
        self.container = None
        return super().__enter__()

    def __exit__(self, *_):
        if self.container is not None:
            self.container.kill()
            self.container.wait()
        super().__exit__()

    def boot(self):
        for name in ("passwd", "group"):
            shutil.copy(self.place / f"usr/share/base-passwd/{name}.master", self.place / "etc" / name)
        (self.place / "etc/machine-id").write_text("")
        units = self.place / "etc/systemd/system"
        (units / "multi-user.target.wants").mkdir(parents=True, exist_ok=True)
        unit = "/usr/lib/systemd/system"
        (units / "multi-user.target.wants/touchpointd.service").symlink_to(f"{unit}/touchpointd.service")
        (units / "default.target").symlink_to(f"{unit}/multi-user.target")
        with (self.folder / "console").open("wb") as console:
            self.container = subprocess.Popen(
                [
                    "systemd-nspawn", "--quiet", f"--directory={self.place}", "--register=no", "--keep-unit",
                    "--private-network", "--console=pipe", "--boot",
                ],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
            )
        self.leader = wait_until("systemd in the container", lambda: self._leader(self.container.pid))

    def _leader(self, process):
        """Returns the process below this one that is number 1 inside the container."""
        assert self.container.poll() is None, (self.folder / "console").read_text(errors="replace")
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            status = Path(f"/proc/{child}/status").read_text()
            if re.search(r"^NSpid:.*\t1$", status, re.M):
                return int(child)
            if found := self._leader(child):
                return found
        return None

    def inside(self, *command):
        """Runs a command in the container, as root; returns exit code, output and errors."""
        spaces = ("--mount", "--pid", "--net", "--uts", "--ipc", "--root", "--wd")
        return finished(["nsenter", f"--target={self.leader}", *spaces, *command])

    def power_off(self):
        """Shuts the container down; returns the exit code."""
        os.kill(self.leader, signal.SIGRTMIN + 4)
        wait_until("the end of the container", lambda: self.container.poll() is not None)
        return self.container.returncode
