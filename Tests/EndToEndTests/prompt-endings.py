"""Runs a program on a terminal, as a job of a session, and ends its prompt in some way.

prompt-endings.py PROMPT ACTIONS PROGRAM [ARGUMENT...]: ACTIONS is a JSON list of ["type", TEXT], ["signal", NUMBER],
["wait", TEXT], which waits until that has been printed, and ["continue"], which waits until the program is stopped, and lets
it go on after a shell might have changed the terminal. They begin when PROMPT has been printed. Prints a JSON object: how the
program ended, what was on the terminal, and whether the terminal was as before at its end and at each stop.
"""

import fcntl
import json
import os
import pty
import select
import signal
import sys
import termios
import time


def main():
    prompt, actions, program = sys.argv[1].encode(), json.loads(sys.argv[2]), sys.argv[3:]
    os.setsid()
    terminal, own = pty.openpty()
    fcntl.ioctl(own, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = termios.tcgetattr(own)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(own, os.getpgid(0))
        for number in (signal.SIGTTOU, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in range(3):
            os.dup2(own, descriptor)
        os.execvp(program[0], program)
    screen, prompts, status, same = b"", 0, None, True
    end = time.monotonic() + 60
    while status is None:
        if select.select([terminal], [], [], 0.05)[0]:
            screen += os.read(terminal, 65536)
        elif screen.count(prompt) > prompts and actions:
            # The terminal is switched before the prompt is printed.
            action = actions[0]
            if action[0] == "wait":
                if action[1].encode() not in screen:
                    if time.monotonic() > end:
                        os.kill(child, signal.SIGKILL)
                        sys.exit("it did not ask: " + repr(screen))
                    continue
            elif action[0] == "continue":
                if os.waitpid(child, os.WUNTRACED)[1] & 0xFF != 0x7F:
                    sys.exit("it was not stopped")
                same = same and termios.tcgetattr(own) == before
                prompts = screen.count(prompt)
                # As a shell with line editing leaves it while it hands over: readline's own mode is not the program's.
                shell = termios.tcgetattr(own)
                shell[0] &= ~termios.ICRNL
                shell[3] &= ~(termios.ICANON | termios.ECHO)
                termios.tcsetattr(own, termios.TCSANOW, shell)
                os.kill(child, signal.SIGCONT)
            elif action[0] == "type":
                os.write(terminal, action[1].encode())
            else:
                os.kill(child, action[1])
            actions.pop(0)
        done, result = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.waitstatus_to_exitcode(result)
        elif time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            sys.exit("it did not end: " + repr(screen))
    while select.select([terminal], [], [], 0.1)[0]:
        screen += os.read(terminal, 65536)
    same = same and termios.tcgetattr(own) == before
    print(json.dumps({"status": status, "same": same, "screen": screen.decode(errors="replace")}))


main()
