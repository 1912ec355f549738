"""A German page (`*.de.md`) is the English one in German: the same headings, tables, and code.

What the programs print is in the page's language, and so are comments in code; pages.py compares the former with what they print.
"""

import re

from common import docs, fail


def code(text):
    """Without comments, and without the blanks before them; the status with which a command ends is none."""
    return [re.sub(r"\s+# (?!status \d).*$", "", line) for line in text.splitlines()]


def structure(page):
    """Of each part of a page that has to be the same in both languages: the line where it is, and what counts."""
    blocks = re.compile(
        r"^(?P<hidden><!-- run\n.*?^-->)$|^(?P<left_out><!-- not run -->)$|^```(?P<kind>\w*)\n(?P<fenced>.*?)^```$"
        r"|(?P<indented>(?:^    [^\n]*\n(?:\n(?=    ))?)+)|^(?P<level>#+) |^(?P<row>\|[^\n]*)$", flags=re.M | re.S)
    text = page.read_text()
    for found in blocks.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["level"]:
            yield line, f"a heading of level {len(found['level'])}"
        elif found["row"]:
            yield line, f"a row of {found['row'].count('|') - 1} columns"
        elif found["kind"] == "text":
            yield line, "what is printed"
        else:
            yield line, "code:\n" + "\n".join(code(found["fenced"] or found["indented"] or found[0]))


def differences(english, german):
    pairs = zip(list(structure(english)) + [(0, "the end")], list(structure(german)) + [(0, "the end")])
    for (line, part), (other_line, other) in pairs:
        if part != other:
            return [f"docs/{english.name}:{line} has {part}\nand docs/{german.name}:{other_line} has {other}"]
    return []


def check():
    problems = []
    for german in sorted(docs.glob("*.de.md")):
        english = german.with_name(german.name.replace(".de.md", ".md"))
        if not english.exists():
            problems.append(f"docs/{german.name} has no English page {english.name}")
            continue
        problems += differences(english, german)
    if problems:
        fail("translations", *problems)
