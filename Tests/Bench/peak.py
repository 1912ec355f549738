"""Runs a command; prints how many seconds it took and the most memory that it had, in MB."""

import os
import subprocess
import sys
import time

start = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
# Status 9: phones would refuse the file, which is an answer.
if os.waitstatus_to_exitcode(status) not in (0, 9):
    sys.exit(f"{' '.join(sys.argv[1:])} ended with status {os.waitstatus_to_exitcode(status)}")
print(f"{time.monotonic() - start:.2f} {usage.ru_maxrss / 1024:.0f}")
