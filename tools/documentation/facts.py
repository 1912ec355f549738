"""Links, the index, exit statuses and quotations: what pages say about files and sources."""

import re
import subprocess

from common import docs, fail, repository


def no_dead_links(pages):
    dead = []
    for page in pages:
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
            target = link.split("#")[0]
            if target and not (page.parent / target).exists():
                dead.append(f"{page} has a link to {target}, which is not there")
    if dead:
        fail("links", *dead)


def check_links():
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=repository, capture_output=True, text=True, check=True)
    no_dead_links(repository / name for name in listed.stdout.split("\0") if name and (repository / name).exists())
    index = (docs / "README.md").read_text()
    for page in docs.glob("*.md"):
        if page.name != "README.md" and f"({page.name})" not in index:
            fail("links", f"docs/{page.name} is not in docs/README.md")


def check_named_tests():
    """SECURITY.md names the tests that show its sentences, as `Suite/test`: each must be there."""
    tests = {}
    for path in (repository / "Tests").rglob("*.swift"):
        text = path.read_text()
        found = list(re.finditer(r"^(?:extension|(?:@Suite.*? )?(?:final )?(?:struct|class|enum)) (\w+)|^@Suite\([^{]*?\bstruct (\w+)|\bfunc (\w+)\(", text, flags=re.M))
        suite = None
        for match in found:
            if match[3]:
                tests.setdefault(suite, set()).add(match[3])
            else:
                suite = match[1] or match[2]
    named = re.findall(r"`([A-Z]\w+)/(\w+)`", (repository / "SECURITY.md").read_text())
    if not named:
        fail("facts", "SECURITY.md names no test")
    for suite, test in named:
        if test not in tests.get(suite, ()):
            fail("facts", f"SECURITY.md names the test {suite}/{test}, which is not there")


def check():
    statuses = re.findall(
        r"^    static let [a-zA-Z]*: Int32 = (\d+)$",
        (repository / "Sources/etoken-bridge/Support/Failure.swift").read_text(), flags=re.M)
    if not statuses:
        fail("facts", "no exit status was found in the source")
    explained = (docs / "exit-status.md").read_text()
    for status in statuses:
        if f"\n| {status} |" not in explained:
            fail("facts", f"status {status} is not in docs/exit-status.md")

    check_named_tests()

    source = "\n".join(p.read_text() for p in (repository / "Sources").rglob("*.[sc]*") if p.is_file())
    text = (docs / "troubleshooting.md").read_text()
    for quoted in (q for heading in re.findall(r"^### (.*)$", text, flags=re.M) for q in re.findall(r'"([^"]+)"', heading)):
        for piece in filter(None, (p.strip() for p in quoted.split("…"))):
            if piece not in source:
                fail("facts", f"docs/troubleshooting.md quotes {piece!r}, which no program says")
