#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Be a process whose command line nobody can read to its end: whoever tries waits, and cannot even be killed.

Usage: unreadable.py ARGUMENT...    at least three pages of arguments; says "ready" once that is so

Any user can do this: in namespaces of his own he mounts a file system in user space that answers everything but a read,
and maps a file of it over his arguments. What the kernel's FUSE protocol looks like: linux/include/uapi/linux/fuse.h.
"""
import ctypes
import mmap
import os
import struct
import sys

LOOKUP, GETATTR, OPEN, READ, INIT = 1, 3, 14, 15, 26
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
PAGE = mmap.PAGESIZE
SIZE = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]


def check(result):
    if result < 0:
        sys.exit(os.strerror(ctypes.get_errno()))


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def attributes(inode):
    mode = 0o040755 if inode == 1 else 0o100644
    return struct.pack("<6Q10I", inode, SIZE, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, PAGE, 0)


def serve(device):
    """Answer the kernel, but let a read wait for ever."""
    while True:
        request = os.read(device, 1 << 18)
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        error, answer = 0, b""
        if opcode == INIT:
            answer = struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 16, 12, 4096, 1, 1, 0, 0)
        elif opcode == LOOKUP:
            answer = struct.pack("<4Q2I", 2, 0, 9999, 9999, 0, 0) + attributes(2)
        elif opcode == GETATTR:
            answer = struct.pack("<Q2I", 9999, 0, 0) + attributes(node)
        elif opcode == OPEN:
            answer = struct.pack("<QII", 1, 0, 0)
        elif opcode == READ:
            continue
        os.write(device, struct.pack("<IiQ", 16 + len(answer), -error, unique) + answer)


def main():
    uid, gid = os.getuid(), os.getgid()
    check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS))
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"0 {uid} 1")
    write("/proc/self/gid_map", f"0 {gid} 1")
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    check(libc.mount(b"unreadable", b"/mnt", b"fuse", 0, options))
    if os.fork() == 0:
        serve(device)
    file = os.open("/mnt/file", os.O_RDONLY)
    with open("/proc/self/stat", encoding="ascii") as stat:
        start, end = map(int, stat.read().rsplit(")", 1)[1].split()[45:47])
    first, last = (start + PAGE - 1) & -PAGE, end & -PAGE
    if libc.mmap(first, last - first, mmap.PROT_READ, mmap.MAP_PRIVATE | 0x10, file, 0) != first:
        check(-1)
    print("ready", flush=True)
    os.pause() if hasattr(os, "pause") else libc.pause()


main()
