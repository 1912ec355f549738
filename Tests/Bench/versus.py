"""Times two commands in turn, so that what else the machine does falls on both:
versus.py [--cpu] PAIRS OURS... -- PEER...

Prints a pair a line, in milliseconds: ours, then the peer's. A command that fails ends it.
    --cpu   the processor's time of the command and of what it started, instead of the clock's"""
import os
import sys
import time

words = sys.argv[1:]
uses_processor = words[0] == "--cpu"
words = words[uses_processor:]
pairs, rest = int(words[0]), words[1:]
split = rest.index("--")
commands = (rest[:split], rest[split + 1:])
null = os.open("/dev/null", os.O_RDWR)
silent = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1, 2)]


def milliseconds(command):
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=silent)
    _, status, usage = os.wait4(child, 0)
    taken = time.perf_counter() - start
    if status != 0:
        sys.exit(f"versus: {' '.join(command)} ended with status {os.waitstatus_to_exitcode(status)}")
    return 1000 * (usage.ru_utime + usage.ru_stime if uses_processor else taken)


for number in range(pairs + 1):
    taken = [milliseconds(command) for command in commands]
    # The first time only warms up.
    if number > 0:
        print(*(f"{each:.3f}" for each in taken), flush=True)
