#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a program as no decent program would.

Usage: hostile.py no-arguments PROGRAM    with no arguments at all, not even argv[0]
       hostile.py traced PROGRAM          traced by this program, which lets it run
"""
import ctypes
import os
import sys

PTRACE_TRACEME, PTRACE_CONT = 0, 7

libc = ctypes.CDLL(None, use_errno=True)


def execute(program):
    libc.execv(program.encode(), (ctypes.c_char_p * 1)(None))
    sys.exit(f"{program}: {os.strerror(ctypes.get_errno())}")


def main():
    how, program = sys.argv[1:]
    if how == "no-arguments":
        execute(program)
    child = os.fork()
    if child == 0:
        libc.ptrace(PTRACE_TRACEME, 0, None, None)
        execute(program)
    while True:
        _, status = os.waitpid(child, 0)
        if os.WIFSTOPPED(status):
            libc.ptrace(PTRACE_CONT, child, None, None)
        else:
            sys.exit(os.waitstatus_to_exitcode(status))


main()
