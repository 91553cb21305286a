"""Starts a program for which the kernel refuses some system calls, like a container's filter or an odd file system.

    python refuse_calls.py renameat2=EINVAL openat2=EPERM -- PROGRAM [ARGUMENT…]
"""

import ctypes
import errno
import os
import platform
import struct
import sys

# By machine, from <asm/unistd.h>.
NUMBERS = {
    "x86_64": {"linkat": 265, "renameat2": 316, "openat2": 437},
    "aarch64": {"linkat": 37, "renameat2": 276, "openat2": 437},
}
# <linux/prctl.h>, <linux/seccomp.h>, <linux/filter.h>
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, MODE_FILTER = 22, 38, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


def program(refused):
    """Returns the filter for pairs of call number and errno value: seccomp(2)."""
    steps = [struct.pack("=HBBI", LOAD_WORD, 0, 0, 0)]
    for number, code in refused:
        steps.append(struct.pack("=HBBI", JUMP_IF_EQUAL, 0, 1, number))
        steps.append(struct.pack("=HBBI", RETURN, 0, 0, REFUSE | code))
    steps.append(struct.pack("=HBBI", RETURN, 0, 0, ALLOW))
    return steps


def refuse(calls):
    numbers = NUMBERS[platform.machine()]
    steps = program([(numbers[name], getattr(errno, code)) for name, code in calls])
    memory = ctypes.create_string_buffer(b"".join(steps))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    described = Program(len(steps), ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(described), 0, 0)):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    split = sys.argv.index("--")
    refuse([argument.split("=") for argument in sys.argv[1:split]])
    os.execv(sys.argv[split + 1], sys.argv[split + 1:])
