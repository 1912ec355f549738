"""A shell on a pseudo-terminal, to which somebody types, and what it prints."""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time


class Session:
    """`recording` is a list of (seconds since the last entry, text); an entry without text is a pause to read."""

    # Between two words that are typed, and at most between two outputs that are shown.
    typing, longest_wait = 0.12, 1.0

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.recording = []
        self.unread = ""
        self.last = time.monotonic()
        self.shell, self.terminal = pty.fork()
        if self.shell == 0:
            os.environ.update(PS1="$ ", PS2="> ")
            os.execvp("bash", ["bash", "--norc", "--noprofile"])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.terminal)
        os.waitpid(self.shell, 0)

    def hide(self, command):
        """Runs a command, and forgets what was shown so far."""
        self.until("$ ")
        self.send(command + "\n")
        self.until("$ ")
        self.recording = [(0, "$ ")]

    def type(self, text):
        """Types a line, word by word."""
        for word in re.findall(r"\S+ ?", text):
            self.send(word)
            self.read(self.typing)
        self.send("\n")

    def answer(self, question, text, until=None, hold=1.5):
        """Waits for a question, lets it be read, and answers."""
        self.until(question)
        if until:
            self.until(until)
        self.pause(hold)
        self.send(text + "\n")

    def until(self, text, limit=60, hold=0.0):
        """Waits for what the programs print."""
        end = time.monotonic() + limit
        while text not in self.unread:
            if time.monotonic() > end:
                sys.exit(f"cast: {text!r} was not printed within {limit} s, but {self.unread[-2000:]}")
            self.read(1)
        self.unread = self.unread.split(text, 1)[1]
        if hold:
            self.pause(hold)

    def pause(self, seconds):
        self.recording.append((seconds, ""))

    def send(self, text):
        os.write(self.terminal, text.encode())

    def read(self, seconds):
        """What is printed within so many seconds."""
        end = time.monotonic() + seconds
        while select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
            text = os.read(self.terminal, 65536).decode()
            self.unread += text
            now = time.monotonic()
            self.recording.append((min(now - self.last, self.longest_wait), text))
            self.last = now
