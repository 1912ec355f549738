"""Times two commands in turn, so that what else the machine does falls on both: versus.py RUNS OURS... -- PEER...

Prints the median of each in milliseconds. A command that fails ends it."""
import statistics
import subprocess
import sys
import time

runs, rest = int(sys.argv[1]), sys.argv[2:]
split = rest.index("--")
commands = (rest[:split], rest[split + 1:])
times = ([], [])
for number in range(runs + 1):
    for command, taken in zip(commands, times):
        start = time.perf_counter()
        result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        if result.returncode != 0:
            sys.exit(f"versus: {' '.join(command)} ended with status {result.returncode}")
        # The first time only warms up.
        if number > 0:
            taken.append(seconds * 1000)
print(*(f"{statistics.median(taken):.2f}" for taken in times))
