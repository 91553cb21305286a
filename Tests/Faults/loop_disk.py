"""A separate file system in an image file, whose power can be cut."""

import ctypes
import errno
import fcntl
import os
import shutil
import struct
import tempfile
from pathlib import Path

from waiting import finished

# FS_IOC_SHUTDOWN of linux/fs.h, without flushing the log: every unsynced byte is gone.
_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
# LOOP_CTL_GET_FREE and LOOP_CONFIGURE of linux/loop.h. `struct loop_config` begins with the image's descriptor; its
# flags are at byte 60 of 304. With LO_FLAGS_AUTOCLEAR the device is freed after its last use.
_GET_FREE = 0x4C82
_CONFIGURE = 0x4C0A
_CONFIGURATION = struct.Struct("<I56xI240x")
_AUTOCLEAR = 4
# XFS needs at least 300 MiB; the image is a sparse file.
_MEBIBYTES = {"ext4": 64, "xfs": 320}


_system = ctypes.CDLL(None, use_errno=True)


def run(*command, codes=(0,)):
    code, output, errors = finished(command)
    assert code in codes, f"{' '.join(map(str, command))}: {errors or output}"
    return output


def call(name, *arguments):
    """Calls a function of the C library; an error raises OSError."""
    if getattr(_system, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def why_not_here():
    """Returns why loop disks cannot be used here; None if they can."""
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
    except (AssertionError, OSError) as failure:
        return str(failure)


def attach(image):
    """Attaches the image file to a free loop device; returns its path and an open descriptor, which keeps it."""
    with open("/dev/loop-control", "rb") as control, open(image, "r+b") as file:
        while True:
            path = f"/dev/loop{fcntl.ioctl(control, _GET_FREE)}"
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _CONFIGURE, _CONFIGURATION.pack(file.fileno(), _AUTOCLEAR))
                return path, device
            except OSError as failure:
                os.close(device)
                # Another process was faster.
                if failure.errno != errno.EBUSY:
                    raise


class LoopDisk:
    """`with LoopDisk("ext4") as disk:` mounts a file system at `disk.place`."""

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
            except OSError:
                # A process still has a file open; the device is freed when it closes it.
                run("umount", "-l", self.place)
        shutil.rmtree(self.folder, ignore_errors=True)

    def mount(self):
        """Mounts it with nothing in memory of what was read or written before the last `unmount`."""
        self.device, descriptor = attach(self.image)
        try:
            call("mount", *map(os.fsencode, (self.device, self.place, self.kind)), ctypes.c_ulong(0), None)
        finally:
            os.close(descriptor)
        self.is_mounted = True

    def remount(self, *options):
        run("mount", "-o", ",".join(("remount", *options)), self.place)

    def unmount(self):
        call("umount2", os.fsencode(self.place), 0)
        self.is_mounted = False

    def cut_power(self):
        """Cuts the power: nothing that is not on the disk will get there; every call fails from now on."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def provoke_an_error(self):
        """Makes ext4 detect an error in itself, and react as its mount options say."""
        Path(f"/sys/fs/ext4/{Path(self.device).name}/trigger_fs_error").write_text("1")

    def restart(self):
        """Simulates a restart of the machine after a power cut. No process may have a file open."""
        self.unmount()
        self.mount()
