"""Faults at chosen calls of a running program, through faulty_disk.c preloaded into it."""

import mmap
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("faulty_disk.c")
KINDS = (
    "write", "fdatasync", "fsync", "ftruncate", "rename", "mkdir", "unlink",
    "open_create", "open_write", "open_read", "read", "space", "allocate",
)
# Calls that change the disk, or guarantee that it is changed.
PERSISTENCE = KINDS[:9] + ("allocate",)
ACTIONS = ("pass", "fail", "kill_before", "kill_after", "cut", "half", "lie", "stop_before", "stop_after")
TWINS = ("none", "lazy", "deaf")
FOR_EVER = (1 << 64) - 1

# struct plan of faulty_disk.c
_COUNTS = struct.Struct("<QQ")
_RANGE = struct.Struct("<QQ")
_OF_KIND = struct.Struct(f"<{len(KINDS)}Q")
_RANGE_AT = 16
_MASK_AT = 32
_READY_AT = 52
_OF_KIND_AT = 56
_CUT_AT = _OF_KIND_AT + 8 * len(KINDS)


def compile_library(folder):
    """Compiles the library, in a folder where tests may write."""
    library = Path(folder) / "faulty_disk.so"
    done = subprocess.run(
        [shutil.which("cc") or "clang", "-O2", "-fPIC", "-shared", "-o", library, SOURCE, "-ldl"],
        capture_output=True, text=True,
    )
    assert done.returncode == 0, f"cc {SOURCE}: {done.stderr}"
    return library


class FaultyDisk:
    """One plan of faults, for the program that is started with `environment`."""

    def __init__(self, library, folder, root, also_preload=()):
        self.path = Path(folder) / "faults"
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        with self.path.open("r+b") as file:
            self.plan = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.environment = {
            "LD_PRELOAD": " ".join(map(str, [library, *also_preload])),
            "FAULTY_DISK_FILE": str(self.path),
            "FAULTY_DISK_ROOT": str(Path(root).resolve()),
        }

    def arm(self, action, kinds=PERSISTENCE, first=1, last=None, error=0, drop=True):
        """Counts calls of `kinds` from now on; the fault hits those from `first` to `last` (default: `first`)."""
        self.disarm()
        _COUNTS.pack_into(self.plan, 0, 0, 0)
        _RANGE.pack_into(self.plan, _RANGE_AT, first, first if last is None else last)
        struct.pack_into(
            "<III", self.plan, _MASK_AT + 4, ACTIONS.index(action), error, int(drop)
        )
        mask = sum(1 << KINDS.index(kind) for kind in kinds)
        struct.pack_into("<I", self.plan, _MASK_AT, mask)

    @property
    def is_stopped(self):
        """Whether a call has stopped the program."""
        (action,) = struct.unpack_from("<I", self.plan, _MASK_AT + 4)
        return self.hits > 0 and ACTIONS[action].startswith("stop")

    @property
    def is_cut(self):
        """Whether a call has cut the power, or stopped the program so that it can be cut."""
        return self.cut_at is not None or self.is_stopped

    def count(self, kinds=PERSISTENCE):
        """Counts calls of `kinds` from now on, and hits none."""
        self.arm("pass", kinds, first=FOR_EVER)

    def disarm(self):
        struct.pack_into("<I", self.plan, _MASK_AT, 0)

    def break_program(self, twin):
        """Makes the program a defective one."""
        struct.pack_into("<I", self.plan, _MASK_AT + 16, TWINS.index(twin))

    @property
    def calls(self):
        return _COUNTS.unpack_from(self.plan, 0)[0]

    @property
    def hits(self):
        return _COUNTS.unpack_from(self.plan, 0)[1]

    @property
    def is_ready(self):
        """Whether the program has loaded the plan: otherwise no fault could occur."""
        return struct.unpack_from("<I", self.plan, _READY_AT)[0] == 1

    @property
    def cut_at(self):
        """When the program cut the power, in seconds as of time.time; None if it did not."""
        return struct.unpack_from("<Q", self.plan, _CUT_AT)[0] / 1e9 or None

    def forget_cut(self):
        struct.pack_into("<Q", self.plan, _CUT_AT, 0)

    def of_kind(self):
        """Returns all calls since the file was created, by kind."""
        return dict(zip(KINDS, _OF_KIND.unpack_from(self.plan, _OF_KIND_AT), strict=True))
