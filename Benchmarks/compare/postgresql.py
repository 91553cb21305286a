"""PostgreSQL with every transaction synced: a cluster of its own in the run's folder, not the system's.

`pgbench` inserts the comparison's events into a table with one column of jsonb, 100 rows per statement and
transaction, 16 clients, over a Unix socket. PostgreSQL answers after its log is synced, as touchpointd does. It parses
each event. There is no index, and neither checkpoint nor vacuum falls into the run: they would only take time from it.

PostgreSQL refuses to run as root. Root's runs use the user that the Debian package makes.
"""

import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import tempfile

from contestants import PATIENCE, Run, check_count, children_cpu_seconds, ends, log_of
from processes import tree_cpu_seconds, wait_until

PROGRAMS = ("initdb", "postgres", "pgbench", "psql")
DEBIAN = "/usr/lib/postgresql/15/bin"
USER = "postgres"
CLIENTS, ROWS = 16, 100
SETTINGS = {"listen_addresses": "", "unix_socket_permissions": "0700", "fsync": "on", "synchronous_commit": "on",
            "shared_buffers": "512MB", "max_wal_size": "8GB", "autovacuum": "off"}


def found(name):
    # Debian has the programs of each version in a folder of their own, away from the PATH.
    return shutil.which(name, path=f"{DEBIAN}:{os.environ.get('PATH', '')}")


def missing():
    """Returns the names of programs, and of the user, that are not there."""
    names = [name for name in PROGRAMS if not found(name)]
    if os.geteuid() == 0 and USER not in {entry.pw_name for entry in pwd.getpwall()}:
        names.append(f"user {USER}")
    return names


def rounded(events):
    """Returns the next smaller number of events that is a whole number of statements for each client, at least one."""
    return max(1, events // (CLIENTS * ROWS)) * CLIENTS * ROWS


class Cluster:
    """A running PostgreSQL with an empty table, in a folder."""

    def __init__(self, folder):
        self.folder, self.data = folder, folder / "cluster"
        # The path of a Unix socket has at most 107 bytes.
        self.private = pathlib.Path(tempfile.mkdtemp(prefix="touchpoint-"))
        self.account = {}
        self.process = None

    def __enter__(self):
        try:
            self.make()
            self.start()
            self.query("CREATE TABLE events (event jsonb)")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            ends(self.process, signal.SIGINT)  # at once, with a last checkpoint
        shutil.rmtree(self.private)

    def make(self):
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            entry = pwd.getpwnam(USER)
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            for path in (self.data, self.private):
                os.chown(path, entry.pw_uid, entry.pw_gid)
            self.folder.chmod(0o711)
            if subprocess.run(["test", "-w", self.data], **self.account, cwd="/", check=False).returncode != 0:
                raise SystemExit(f"compare: the user {USER} cannot enter {self.folder}: use --folder for another, or"
                                 " run as a user that is not root")
        self.run([found("initdb"), "-D", self.data, "-A", "peer", "-U", "bench", "--no-sync", "--encoding", "UTF8",
                  "--locale", "C"])
        # The operating system's user of this run is the cluster's user `bench`.
        name = pwd.getpwuid(self.account.get("user", os.geteuid())).pw_name
        (self.data / "pg_hba.conf").write_text("local all all peer map=run\n")
        (self.data / "pg_ident.conf").write_text(f"run {name} bench\n")
        os.sync()

    def start(self):
        settings = SETTINGS | {"unix_socket_directories": str(self.private)}
        command = [found("postgres"), "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log_path = self.folder / "postgresql.log"
        with log_path.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self.account)
        wait_until("postgres to start", lambda: self.process.poll() is not None or self.answers())
        if self.process.poll() is not None:
            raise SystemExit(f"compare: postgres ended with exit code {self.process.returncode}" + log_of(log_path))

    def run(self, command):
        """Runs a program as the cluster's user and returns its output."""
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE,
                              cwd="/", check=False, **self.account)
        if done.returncode != 0:
            raise SystemExit(f"compare: {command[0]} ended with exit code {done.returncode}:\n{done.stdout.strip()}")
        return done.stdout

    def query(self, text):
        return self.run([found("psql"), "-X", "-A", "-t", *self.target, "-c", text]).strip()

    def answers(self):
        command = [found("psql"), "-X", *self.target, "-c", "SELECT 1"]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", check=False,
                              **self.account).returncode == 0

    @property
    def target(self):
        return ["-h", self.private, "-U", "bench", "-d", "postgres"]


def postgresql(place, load):
    """The time is pgbench's own, without that of connecting."""
    with place.fresh_folder() as folder, Cluster(folder) as cluster:
        script = cluster.private / "insert.sql"
        script.write_text(statement(place.events(ROWS)))
        script.chmod(0o644)
        pid = cluster.process.pid
        before, sender = tree_cpu_seconds(pid), children_cpu_seconds()
        text = cluster.run([found("pgbench"), "-n", "-f", script, "-c", str(CLIENTS), "-j", "2",
                            "-t", str(load.events // (CLIENTS * ROWS)), *cluster.target])
        sender, used = children_cpu_seconds() - sender, tree_cpu_seconds(pid) - before
        check_count("PostgreSQL", load.events, int(cluster.query("SELECT count(*) FROM events")))
        return Run(load.events, load.events / rate(text), used, sender)


def statement(events):
    rows = ",\n".join("('{}')".format(event.replace("'", "''")) for event in events)
    return f"INSERT INTO events VALUES\n{rows};\n"


def rate(text):
    """Returns the rows per second of pgbench's output."""
    tps = re.search(r"^tps = ([\d.]+)", text, re.M)
    if not tps or float(tps.group(1)) <= 0:
        raise SystemExit(f"compare: pgbench printed no tps: {text[-400:]!r}")
    return float(tps.group(1)) * ROWS


def version():
    done = subprocess.run([found("postgres"), "--version"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()[2]
