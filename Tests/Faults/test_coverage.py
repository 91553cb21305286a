"""The preloaded library sees every call that changes the data folder: none can escape a fault."""

import re
from collections import Counter

import crashes
from faulty_disk import KINDS

# All Linux calls that change files, or guarantee that changes are on the disk.
TRACED = (
    "write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync,syncfs,msync,truncate,ftruncate,fallocate,"
    "rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,"
    "open,openat,openat2,creat,copy_file_range,sendfile,splice,io_uring_setup,mmap"
)
KIND_OF = {
    "write": "write", "pwrite64": "write", "fdatasync": "fdatasync", "fsync": "fsync", "ftruncate": "ftruncate", "renameat2": "rename",
    "renameat": "rename", "linkat": "rename",
    "mkdirat": "mkdir", "unlinkat": "unlink", "unlink": "unlink", "fallocate": "allocate",
}
# `mmap` counts only if it could write to the file.
HARMLESS_MAP = re.compile(r"MAP_PRIVATE|PROT_READ, MAP_SHARED")


def kind_of(call, text):
    if call in ("openat", "openat2"):
        if "O_CREAT" in text:
            return "open_create"
        return "open_write" if re.search(r"O_WRONLY|O_RDWR", text) else "open_read"
    return KIND_OF.get(call, call)


def traced_calls(path, data):
    """Returns the calls that strace saw on files below the data folder, by kind."""
    calls = Counter()
    for line in path.read_text(errors="replace").splitlines():
        match = re.match(r"\d+ +(\w+)\((.*)", line)
        if not match:
            continue
        call, text = match.groups()
        first = text.split(",", 1)[0]
        if f"<{data}>" not in first and f"<{data}/" not in first and f'"{data}/' not in first:
            continue
        if call == "mmap" and HARMLESS_MAP.search(text):
            continue
        calls[kind_of(call, text)] += 1
    return calls


def test_no_call_escapes(stage, tmp_path):
    trace = tmp_path / "trace"

    def under_strace(here):
        here.collector.launcher = ["strace", "-f", "-qq", "-y", "-o", trace, "-e", f"trace={TRACED}"]

    with stage(first=under_strace) as here:
        assert crashes.run_once(here)
        here.collector.ask("drain")
        assert here.collector.wait_for_exit() == 0
        counted = here.faults.of_kind()
        seen = traced_calls(trace, here.collector.data)
    compared = {kind for kind in KINDS if kind not in ("read", "space")} | seen.keys()
    differences = {
        kind: (seen[kind], counted.get(kind, 0)) for kind in compared if seen[kind] != counted.get(kind, 0)
    }
    print(f"{sum(seen.values())} calls: {dict(seen)}")
    assert seen["fdatasync"] > 0 and seen["write"] > 0
    assert not differences, f"kind: (strace, library): {differences}"
