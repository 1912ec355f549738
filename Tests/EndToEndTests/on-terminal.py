"""Runs a program on a terminal of its own and answers its questions.

on-terminal.py COLUMNSxLINES ANSWERS PROGRAM [ARGUMENT...]: ANSWERS is a JSON list of [what to wait for, what to type or null,
commands to run before that]. Prints all that stood on the terminal and ends with the program's status; 98 where a question
did not come before the end, 99 where it, or the end, did not come in time.
"""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

LIMIT = 60


def main():
    columns, lines = map(int, sys.argv[1].split("x"))
    answers, program = json.loads(sys.argv[2]), sys.argv[3:]
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.execvp(program[0], program)
    screen = b""
    seen = 0
    deadline = time.monotonic() + LIMIT
    status = None
    while status is None:
        # The end is the program's end: not every system tells of the end of a terminal.
        done, result = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(result)
        while select.select([terminal], [], [], 0.05)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:
                break
            if not chunk:
                break
            screen += chunk
        if answers and answers[0][0].encode() in screen[seen:]:
            seen = len(screen)
            _, typed, *commands = answers.pop(0)
            for command in commands:
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            # The prompt is printed just before the echo is switched off.
            time.sleep(0.2)
            if typed is not None:
                os.write(terminal, typed.encode() + b"\r")
            deadline = time.monotonic() + LIMIT
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            status = 99
    if answers and status != 99:
        status = 98
    sys.stdout.buffer.write(screen)
    sys.exit(status)


main()
