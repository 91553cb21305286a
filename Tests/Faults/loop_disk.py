"""A file system of its own in an image file, whose power can be cut."""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

# FS_IOC_SHUTDOWN of linux/fs.h, without flushing the log: every unsynced byte is gone.
_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
# XFS takes no less than 300 MiB; the image is a sparse file.
_MEBIBYTES = {"ext4": 64, "xfs": 320}


def run(*command, codes=(0,)):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode in codes, f"{' '.join(map(str, command))}: {done.stderr or done.stdout}"
    return done.stdout


def why_not_here():
    """Why loop disks cannot be used here; None when they can."""
    if os.geteuid() != 0:
        return "not root: file systems cannot be mounted"
    for program in ("mkfs.ext4", "mkfs.xfs", "mount", "umount"):
        if shutil.which(program) is None:
            return f"{program} is not there"
    try:
        for kind in _MEBIBYTES:
            with LoopDisk(kind):
                pass
        return None
    except AssertionError as failure:
        return str(failure)


class LoopDisk:
    """`with LoopDisk("ext4") as disk:` gives a mounted file system in `disk.place`."""

    def __init__(self, kind, mebibytes=None, options=()):
        self.kind = kind
        self.mebibytes = mebibytes or _MEBIBYTES[kind]
        self.options = options
        self.is_mounted = False

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix=f"touchpoint-{self.kind}-")).resolve()
        self.image = self.folder / "image"
        self.place = self.folder / "disk"
        self.place.mkdir()
        try:
            with self.image.open("wb") as image:
                image.truncate(self.mebibytes << 20)
            quiet = ["-q", "-F"] if self.kind == "ext4" else ["-q", "-f"]
            run(f"mkfs.{self.kind}", *quiet, *self.options, self.image)
            self.mount()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.is_mounted:
            try:
                self.unmount()
            except AssertionError:
                # Somebody still has a file open; the device goes when that one does.
                run("umount", "-l", self.place)
        shutil.rmtree(self.folder, ignore_errors=True)

    def mount(self, *options):
        run("mount", "-o", ",".join(("loop", *options)), self.image, self.place)
        self.is_mounted = True

    def remount(self, *options):
        run("mount", "-o", ",".join(("remount", *options)), self.place)

    def unmount(self):
        run("umount", self.place)
        self.is_mounted = False

    def cut_power(self):
        """Nothing that is not on the disk now will get there; every call fails from here on."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def provoke_an_error(self):
        """ext4 finds an error in itself, and does what it was mounted to do then."""
        device = Path(run("findmnt", "-n", "-o", "SOURCE", self.place).strip()).name
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1")

    def restart(self):
        """As the machine does when power is back. Nobody may have a file open."""
        self.unmount()
        self.mount()
