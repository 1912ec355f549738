"""A terminal's screen: as much of one as the shell and the programs use. What it does not know ends the tool."""

import re
import sys

# What a program prints: a control sequence, a control character, or a character.
tokens = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b\][^\x07]*\x07|([\r\n\x07\b])|(.)", re.S)
styles = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow"}


class Terminal:
    """Lines are counted from the first that was ever written; the screen is the last `rows` of them."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = [[]]
        self.row = self.column = 0
        self.style = ()

    @property
    def top(self):
        return max(0, len(self.lines) - self.rows)

    def write(self, text):
        for token in tokens.finditer(text):
            parameters, command, control, character = token.groups()
            if character:
                self.put(character)
            elif control:
                self.control(control)
            elif command:
                self.sequence(parameters, command)

    def put(self, character):
        if self.column == self.columns:
            self.column = 0
            self.next_line()
        line = self.lines[self.row]
        line += [(" ", ())] * (self.column - len(line))
        line[self.column:self.column + 1] = [(character, self.style)]
        self.column += 1

    def control(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.next_line()
        elif character == "\b":
            self.column = max(0, self.column - 1)

    def next_line(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    def sequence(self, parameters, command):
        if command == "m":
            for code in (parameters or "0").split(";"):
                if code != "0" and code not in styles:
                    sys.exit(f"cast: the terminal does not know the style {code}")
                self.style = () if code == "0" else (*self.style, styles[code])
        elif command == "K" and parameters in ("", "0"):
            del self.lines[self.row][self.column:]
        elif command == "C":
            self.column += int(parameters or 1)
        elif command == "A":
            self.row = max(self.top, self.row - int(parameters or 1))
        elif not parameters.startswith("?"):
            sys.exit(f"cast: the terminal does not know ESC [ {parameters} {command}")

    def screen(self):
        """Every line so far, as a tuple of (text, styles)."""
        return [runs(line) for line in self.lines]


def runs(line):
    """Neighbours of one style, together; blanks at the end are left out."""
    while line and line[-1] == (" ", ()):
        line = line[:-1]
    found = []
    for character, style in line:
        if found and found[-1][1] == style:
            found[-1][0] += character
        else:
            found.append([character, style])
    return tuple((text, style) for text, style in found)
