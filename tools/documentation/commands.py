"""What the programs say about themselves (--experimental-dump-help), as docs/commands.md and as manual pages."""

import datetime
import difflib
import os
import re
import subprocess

from common import described, docs, fail, programs

reference = docs / "commands.md"

# What every command has, and is listed only once.
common = ("json", "verbose", "version", "help")


# What the pages say besides the help.

ENGLISH = {
    "name": "NAME",
    "synopsis": "SYNOPSIS",
    "command": "COMMAND",
    "description": "DESCRIPTION",
    "commands": "COMMANDS",
    "arguments": "ARGUMENTS",
    "options": "OPTIONS",
    "one-of": "One of",
    "default": "Default",
    "exit-status": "EXIT STATUS",
    "other-statuses": "0 if it was done; see\n.BR etoken\\-bridge (1)\nfor the others.",
    "example": "Example",
    "examples": "EXAMPLES",
    "see-also": "SEE ALSO",
    "documentation": "the documentation in",
    "section": "User Commands",
    "files": "FILES",
    "configuration": "Clusters, nodes and the keys that they must present. Never a password. An example is",
    "state": "Every trust list that was ever replaced, named by its SHA\\-256, and the output of each change.",
    "environment": "ENVIRONMENT",
    "in-place-of": "Instead of",
    "and": "and",
    "no-secrets": "PINs and passwords are never taken from the environment.",
    # ArgumentParser's own, which it dumps in English only.
    "parser": {
        "Show the version.": "Show the version.",
        "Show help information.": "Show help information.",
    },
    # As docs/exit-status.md says them.
    "statuses": dict(
        re.findall(r"^\| (\d+) \| (.+) \|$", (docs / "exit-status.md").read_text(), flags=re.M)),
}

GERMAN = {
    "name": "BEZEICHNUNG",
    "synopsis": "ÜBERSICHT",
    "command": "BEFEHL",
    "description": "BESCHREIBUNG",
    "commands": "BEFEHLE",
    "arguments": "ARGUMENTE",
    "options": "OPTIONEN",
    "one-of": "Möglich sind",
    "default": "Vorgabe",
    "exit-status": "EXIT-STATUS",
    "other-statuses": "0, wenn es getan ist; die anderen stehen in\n.BR etoken\\-bridge (1).",
    "example": "Beispiel",
    "examples": "BEISPIELE",
    "see-also": "SIEHE AUCH",
    "documentation": "die Dokumentation in",
    "section": "Befehle für Benutzer",
    "files": "DATEIEN",
    "configuration": "Cluster, Knoten und die Schlüssel, die sie zeigen müssen. Nie ein Passwort. Ein Beispiel ist",
    "state": "Jede Vertrauensliste, die je ersetzt wurde, benannt nach ihrem SHA\\-256, und die Ausgabe jeder Änderung.",
    "environment": "UMGEBUNG",
    "in-place-of": "Statt",
    "and": "und",
    "no-secrets": "PINs und Passwörter werden nie aus der Umgebung genommen.",
    "parser": {
        "Show the version.": "Die Version zeigen.",
        "Show help information.": "Diese Hilfe zeigen.",
    },
    "statuses": {
        "0": "getan",
        "1": "fehlgeschlagen; die Meldung sagt, warum",
        "2": "das Token, das Zertifikat oder die Datei gibt es nicht, oder der Name passt auf mehr als eines",
        "3": "die PIN wurde abgelehnt. Sie wurde einmal versucht, und das Programm versucht es nie von selbst noch einmal",
        "4": "die PIN ist gesperrt, oder das Programm wollte den letzten Versuch nicht verbrauchen",
        "5": "eine Vertrauensliste hat die Prüfung nicht bestanden, oder TVS bürgt nicht für ein Zertifikat",
        "6": "ein Knoten oder Server ist nicht erreichbar",
        "7": "ein Schlüssel für TLS oder SSH ist nicht der hinterlegte, oder eine Anmeldung wurde abgelehnt",
        "8": "zum Teil getan: Die Meldung sagt, was getan ist, und was noch zu tun ist. "
        "Auch: Knoten unterscheiden sich, oder der Cluster ist nicht stimmig",
        "9": "Telefone würden die neue Datei ablehnen; nichts, was sie sehen können, wurde geändert",
        "10": "unterbrochen: Was getan war, ist rückgängig gemacht, oder die Meldung sagt, wie es weitergeht",
        "64": "falsch aufgerufen",
        "130": "durch Strg-C beendet, als nichts geändert wurde: bei einer Frage oder während der Cluster gelesen wurde",
    },
}


class Command:
    """A command with its subcommands."""

    def __init__(self, described, above=()):
        self.path = (*above, described["commandName"])
        self.name = " ".join(self.path)
        self.abstract = described.get("abstract", "")
        self.discussion = described.get("discussion", "")
        self.arguments = [Argument(a) for a in described.get("arguments", []) if a.get("shouldDisplay", True)]
        self.below = [
            Command(c, self.path)
            for c in described.get("subcommands", [])
            if c.get("shouldDisplay", True) and c["commandName"] != "help"
        ]

    def all(self):
        """This command and those below it."""
        return [self, *(c for below in self.below for c in below.all())]

    def synopsis(self, words):
        """The pieces of the usage, each of which stays on one line."""
        pieces = [a.usage() for a in self.arguments if a.kind != "positional" and a.name not in common]
        pieces += [a.usage() for a in self.arguments if a.kind == "positional"]
        return [self.name, *([words["command"]] if self.below else pieces)]


class Argument:
    """An argument, option or flag."""

    def __init__(self, described):
        self.kind = described["kind"]
        self.value = described.get("valueName", "")
        self.optional = described.get("isOptional", False)
        self.repeats = described.get("isRepeating", False)
        self.default = described.get("defaultValue")
        self.values = described.get("allValues", [])
        self.abstract = described.get("abstract", "")
        self.discussion = described.get("discussion", "")
        order = {"short": 0, "long": 1, "longWithSingleDash": 2}
        self.names = sorted(described.get("names", []), key=lambda n: order[n["kind"]])
        self.name = described.get("preferredName", {}).get("name", self.value)

    @staticmethod
    def spelt(name):
        return ("--" if name["kind"] == "long" else "-") + name["name"]

    def usage(self):
        if self.kind == "positional":
            text = self.value.upper() + (" ..." if self.repeats else "")
        else:
            preferred = [n for n in self.names if n["kind"] == "long"] or self.names
            text = self.spelt(preferred[0]) + (f" {self.value.upper()}" if self.kind == "option" else "")
        text = f"[{text}]" if self.optional else text
        return text + (" ..." if self.repeats and self.kind != "positional" else "")

    def heading(self):
        """As shown in front of its explanation."""
        if self.kind == "positional":
            return self.value.upper()
        names = ", ".join(self.spelt(n) for n in self.names)
        return names + (f" {self.value.upper()}" if self.kind == "option" else "")

    def explanation(self, words):
        text = " ".join(filter(None, (self.abstract, self.discussion))).replace("\n", " ")
        text = words["parser"].get(text, text)
        if self.values and not all(v in text for v in self.values):
            text += f" {words['one-of']} {', '.join(self.values)}."
        if self.default is not None and words["default"].lower() not in text.lower():
            text += f" {words['default']}: {self.default}" + ("" if self.default.endswith(".") else ".")
        return re.sub(r" +", " ", text)


def blocks(text):
    """The paragraphs of a discussion: ("prose" | "code", lines)."""
    found = []
    for line in text.splitlines():
        # Indented lines are commands, and lines with columns are tables: both stay as they are.
        kind = "code" if re.match(r"  ", line) or re.search(r"\S {2,}\S", line) else "prose"
        if not line.strip():
            found.append(("end", []))
        elif found and found[-1][0] == kind:
            found[-1][1].append(line)
        else:
            found.append((kind, [line]))
    return [(kind, lines) for kind, lines in found if lines]


def dedented(lines):
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return [line[margin:] for line in lines]


def filled(pieces, width, indent):
    """Pieces in lines, the later ones indented."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + 1 + len(piece) > width:
            lines.append(" " * indent + piece)
        else:
            lines[-1] += " " + piece
    return lines


def roots():
    return [Command(described(name)) for name in ("etoken-bridge", "cluster-lab", "virtual-token")]


# Markdown

def anchor(name):
    return name.replace(" ", "-")


def escaped(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def markdown(roots):
    out = [
        "# Commands",
        "",
        "<!-- Written by `tools/docs update` from the programs' own help. Do not edit: tools/test compares it. -->",
        "",
        "Every command of `etoken-bridge` has `--json` (one document on stdout, "
        "[docs/schema](schema/README.md)), `--verbose` (what lies beneath an error) and `--help`. "
        "[exit-status.md](exit-status.md) lists how they end.",
        "",
    ]
    for root in roots:
        for command in root.all():
            depth = len(command.path) - 1
            out.append(f"{'  ' * depth}- [{command.name}](#{anchor(command.name)}): {escaped(command.abstract)}")
    for root in roots:
        for command in root.all():
            out += ["", f"{'##' if len(command.path) == 1 else '###'} {command.name}", "", escaped(command.abstract)]
            if not command.below:
                out += ["", "```", *filled(command.synopsis(ENGLISH), 100, 4), "```"]
            for kind, lines in blocks(command.discussion):
                if kind == "code":
                    out += ["", "```", *dedented(lines), "```"]
                else:
                    out += ["", escaped(" ".join(lines))]
            told = [a for a in command.arguments if a.name not in common]
            if told:
                out += ["", "| | |", "|---|---|"]
                out += [f"| `{a.heading()}` | {escaped(a.explanation(ENGLISH))} |" for a in told]
    return "\n".join(out) + "\n"


# Manual pages

def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    text = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", text)
    return re.sub(r"^\.", r"\\&.", text, flags=re.M)


def verbatim(lines):
    return [".PP", ".in +4n", ".nf", ".ft B", *(roff(line) for line in lines), ".ft R", ".fi", ".in"]


def manual_page(command, root, version, date, words):
    page = "-".join(command.path)
    title = f'.TH {roff(page.upper())} 1 "{date}" "etoken\\-bridge {version}" "{words["section"]}"'
    out = [title, f".SH {words['name']}", f"{roff(page)} \\- {roff(command.abstract.rstrip('.'))}"]
    out += [f".SH {words['synopsis']}"]
    pieces = command.synopsis(words)
    out += [".ad l", ".nh", f".HP\n.B {roff(pieces[0])}"]
    out += [re.sub(r"(\\-\\-[a-z0-9]+(?:\\-[a-z0-9]+)*)", r"\\fB\1\\fR", roff(p).replace(" ", "\\ ")) for p in pieces[1:]]
    out += [".hy", ".ad b", f".SH {words['description']}", roff(command.abstract)]
    example = words["example"]
    examples = []
    in_examples = False
    for kind, lines in blocks(command.discussion):
        if kind == "prose" and re.match(rf"{example}[a-z]*\b.*:$", lines[-1]):
            in_examples = True
            # What is between "Example" and the colon says what it is an example of.
            note = re.sub(rf"^{example}[a-z]*,? ?", "", lines[-1]).rstrip(":")
            examples += [".PP", roff(note[0].upper() + note[1:] + ":")] if note else []
            lines = lines[:-1]
            if lines:
                out += [".PP", roff(" ".join(lines))]
        elif kind == "prose" and lines[0].startswith(f"{example}: "):
            examples += verbatim([" ".join(lines).removeprefix(f"{example}: ")])
        elif in_examples:
            examples += verbatim(dedented(lines)) if kind == "code" else [".PP", roff(" ".join(lines))]
        else:
            out += verbatim(dedented(lines)) if kind == "code" else [".PP", roff(" ".join(lines))]
    if command.below:
        out += [f".SH {words['commands']}"]
        for below in command.all()[1:]:
            if not below.below:
                out += [".TP", f".BR {roff('-'.join(below.path))} (1)", roff(below.abstract)]
    positional = [a for a in command.arguments if a.kind == "positional"]
    options = [a for a in command.arguments if a.kind != "positional"]
    for heading, arguments in (("arguments", positional), ("options", options)):
        if arguments:
            out += [f".SH {words[heading]}"]
            for argument in arguments:
                out += [".TP", f".B {roff(argument.heading())}", roff(argument.explanation(words))]
    if root.name == "etoken-bridge":
        out += [f".SH {words['exit-status']}"]
        out += statuses_and_files(words) if command is root else [words["other-statuses"]]
    if examples:
        out += [f".SH {words['examples']}", *examples]
    others = [root.name, *([] if len(command.path) < 3 else ["-".join(command.path[:-1])])] if command is not root else []
    others += ["cluster-lab"] if root.name == "etoken-bridge" and command is root else []
    others += ["etoken-bridge"] if root.name != "etoken-bridge" else []
    out += [f".SH {words['see-also']}", *(f".BR {roff(name)} (1)," for name in others)]
    out += [words["documentation"], ".I /usr/share/doc/etoken\\-bridge"]
    return page, "\n".join(out) + "\n"


def statuses_and_files(words):
    out = [line for status, text in words["statuses"].items() for line in (".TP", f".B {status}", roff(text))]
    out += [f".SH {words['files']}"]
    out += [".TP", r".I ~/.config/etoken\-bridge/config.toml", words["configuration"]]
    out += [r".IR /usr/share/doc/etoken\-bridge/examples/config.toml ."]
    out += [".TP", r".I ~/.local/state/etoken\-bridge/", words["state"]]
    out += [f".SH {words['environment']}", ".TP", '.BR XDG_CONFIG_HOME ", " XDG_STATE_HOME', words["in-place-of"]]
    out += [f'.IR ~/.config " {words["and"]} " ~/.local/state .', ".PP", words["no-secrets"]]
    return out


def write_pages(roots, words, folder, version, date):
    folder.mkdir(parents=True, exist_ok=True)
    for root in roots:
        for command in root.all():
            page, text = manual_page(command, root, version, date, words)
            (folder / f"{page}.1").write_text(text)


def write_manual_pages(folder):
    version = subprocess.run([programs / "etoken-bridge", "--version"], capture_output=True, text=True).stdout.strip()
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", datetime.datetime.now().timestamp()))
    date = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d")
    if any(GERMAN.keys() != ENGLISH.keys() or GERMAN[w].keys() != ENGLISH[w].keys() for w in ("statuses", "parser")):
        fail("manual-pages", "the German manual pages lack something that the English ones say")
    write_pages(roots(), ENGLISH, folder / "man1", version, date)
    # The lab and the virtual tokens speak English only.
    write_pages([Command(described("etoken-bridge", "de_DE.UTF-8"))], GERMAN, folder / "de/man1", version, date)


def check():
    present = reference.read_text() if reference.exists() else ""
    new = markdown(roots())
    if present != new:
        lines = difflib.unified_diff(present.splitlines(), new.splitlines(), "docs/commands.md", "the help", lineterm="", n=1)
        print("\n".join(lines))
        fail("commands", "docs/commands.md is not current: run tools/docs update commands, and read the difference")


def update():
    reference.write_text(markdown(roots()))
