"""Imitates a node's command line (docs/cluster-interfaces.md) on a terminal. Run by sshd as the forced command."""
import sys
import termios
import time
import tty

STATE = sys.argv[1]


def say(text=""):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def ask(text):
    sys.stdout.write(text)
    sys.stdout.flush()
    return sys.stdin.readline().rstrip("\n")


def note(text):
    with open(STATE, "a", encoding="utf-8") as log:
        log.write(text + "\n")


paging = True


def page(lines):
    if not paging:
        for line in lines:
            say(line)
        return
    for start in range(0, len(lines), 22):
        for line in lines[start:start + 22]:
            say(line)
        if start + 22 < len(lines):
            sys.stdout.write("Press <enter> for 1 line, <space> for one page, or <q> to quit")
            sys.stdout.flush()
            old = termios.tcgetattr(0)
            tty.setcbreak(0)
            key = sys.stdin.read(1)
            termios.tcsetattr(0, termios.TCSADRAIN, old)
            note("key " + repr(key))
            sys.stdout.write("\r" + " " * 64 + "\r")


say("Command Line Interface is starting up, please wait ...")
time.sleep(0.3)
say()
say("   Welcome to the Platform Command Line Interface")
say()
say("VMware Installation:")
say("\t2 vCPU: Intel(R) Xeon(R) CPU")
say("\tDisk 1: 110GB, Partitions aligned")
say()
while True:
    line = ask("admin:")
    if not line:
        say()
        continue
    note("command " + line)
    if line == "set cli pagination off" and "--old" not in sys.argv:
        paging = False
    elif line == "show version active":
        say("Active Master Version: 10.5.1.10000-7")
        say("Active Version Installed Software Options:")
        say("  No Installed Software Options Found.")
    elif line.startswith("show long"):
        page([f"line {number}" for number in range(1, 101)])
    elif line.startswith("show wide"):
        say("x" * 450)
    elif line.startswith("run sql "):
        say("paramname           paramvalue")
        say("=================== ==========")
        say("ClusterSecurityMode 1         ")
    elif line.startswith("file delete tftp "):
        say("Delete the File " + line.split()[3] + "?")
        answer = ask('Enter "y" followed by return to continue: ')
        note("answer " + answer)
        say("files: found = 1, deleted = " + ("1" if answer == "y" else "0"))
    elif line.startswith("set cert import trust "):
        say("Paste the Certificate and Hit Enter")
        pem = []
        while text := sys.stdin.readline().rstrip("\n"):
            pem.append(text)
        note("pem " + "|".join(pem))
        say("Successfully imported certificate for " + line.split()[4] + ".")
        say("Please restart services related to " + line.split()[4] + " for the new certificates to become active.")
    elif line == "utils ask something":
        note("answer " + ask("This will erase everything. Do you want to continue? (yes/no): "))
    elif line == "utils hang":
        time.sleep(60)
    elif line == "utils drop":
        sys.exit(3)
    elif line == "exit":
        break
    else:
        say("Executed command unsuccessfully")
        say("No valid command entered")
