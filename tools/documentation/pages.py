"""Runs what pages of the documentation tell readers to do, and compares what is printed with what the pages say.

Blocks marked sh are commands. Those marked text are what the commands before them print: each line must be in it, with
anything in place of "..." (in any order, as phones have none). A command whose line ends with "# status N" has to end with
that status. What stands below "<!-- not run -->" is left out; what stands in "<!-- run ... -->" is run, and readers do not
see it. A German page (`*.de.md`) runs in a German locale; translations.py compares it with the English one.
"""

import pathlib
import re
import subprocess
import tempfile

from common import docs, environment, fail, programs

pages = ("quick-start.md", "quick-start.de.md", "operator-guide.md", "operator-guide.de.md", "lost-token.md")
mark = "=== end of a block"


def blocks(page):
    """The blocks of a page that count, as (kind, text)."""
    pattern = r"^<!-- run\n(.*?)^-->$|(<!-- not run -->\n)?^```(sh|text)\n(.*?)^```$"
    found = re.findall(pattern, (docs / page).read_text(), flags=re.M | re.S)
    return [("sh", hidden) if hidden else (kind, text) for hidden, left_out, kind, text in found if not left_out]


def as_script(pairs):
    """All commands as one script; after each block a line that tells its output from the next one's."""
    parts = ["set -euo pipefail"]
    for text in (text for kind, text in pairs if kind == "sh"):
        expected = re.search(r"\s*# status (\d+)\s*$", text)
        if expected:
            text = f"status=0\n{text[:expected.start()]} || status=$?\n[[ $status == {expected[1]} ]]"
        parts += [text.rstrip(), f"echo '{mark}'"]
    return "\n".join(parts) + "\n"


def compare(page, pairs, output):
    outputs = iter(output.split(mark + "\n"))
    printed = []
    for kind, text in pairs:
        if kind == "sh":
            # Spaces count as one: the width of a column differs from run to run.
            printed = [re.sub(r" +", " ", line).rstrip() for line in next(outputs, "").splitlines()]
            continue
        rest = list(printed)
        for line in text.splitlines():
            pattern = ".*".join(map(re.escape, re.sub(r" +", " ", line).split("...")))
            fits = next((found for found in rest if re.fullmatch(pattern, found)), None)
            if fits is None:
                fail("pages", f"docs/{page} says\n    {line}\nbut what is printed is\n" + "\n".join(printed))
            rest.remove(fits)


def run(page):
    pairs = blocks(page)
    locale = "de_DE.UTF-8" if page.endswith(".de.md") else "C.UTF-8"
    with tempfile.TemporaryDirectory() as home:
        result = subprocess.run(
            ["bash", "-c", as_script(pairs)], cwd=home, env=environment(home, locale), text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        left = [p for p in pathlib.Path(home).rglob("*") if p.is_file()]
        for description in pathlib.Path(home).rglob("cluster.toml"):
            subprocess.run([f"{programs}/cluster-lab", "down", description.parent], capture_output=True)
        subprocess.run(["chmod", "-R", "u+w", home], check=False)
        if result.returncode != 0:
            last = result.stdout.split(mark + "\n")[-1] + "\n".join(result.stderr.splitlines()[-20:])
            fail("pages", f"docs/{page} ended with status {result.returncode}, at last with\n{last}")
        if left:
            fail("pages", f"docs/{page} left behind: {' '.join(map(str, left))}")
    compare(page, pairs, result.stdout)
    print(f"docs pages: the commands of docs/{page} ran, and printed what it says")


def check():
    for page in pages:
        run(page)


def script(page):
    return as_script(blocks(pathlib.Path(page).name))
