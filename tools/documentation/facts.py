"""Links, the index, exit statuses and quotations: what pages say about files and sources."""

import json
import os
import pathlib
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


def check_workflows():
    """The workflows call scripts that are there, with parts that these know; and actions of this repository that are there."""
    folder = repository / ".github"
    problems = []
    for path in [*folder.glob("workflows/*.yml"), *folder.glob("actions/*/action.yml")]:
        text = path.read_text()
        for action in re.findall(r"uses: \./(\S+)", text):
            if not (repository / action / "action.yml").exists():
                problems.append(f"{path.name} uses ./{action}, which is not there")
        for script, rest in re.findall(r"(?<![\w/])tools/([\w-]+)((?: [^\s}|&]+)*)", re.sub(r"(?m)^\s*#.*", "", text)):
            if not os.access(repository / "tools" / script, os.X_OK):
                problems.append(f"{path.name} runs tools/{script}, which is not there or cannot be run")
                continue
            source = (repository / "tools" / script).read_text()
            usage = source.split("set -euo pipefail")[0]
            for word in rest.split():
                if word.startswith("-") and word not in ("--skip", "--filter") and not re.search(rf"{re.escape(word)}\b", usage):
                    problems.append(f"{path.name} gives tools/{script} the option {word}, which its help does not have")
                elif script == "test" and re.fullmatch(r"[a-z]+", word) and not re.search(rf"\b{word}\b", usage):
                    problems.append(f"{path.name} names the part {word}, which tools/test does not have")
            first = rest.split()[:1]
            if script == "deep" and not (first and re.search(rf"^{re.escape(first[0])}\(\) {{", source, flags=re.M)):
                problems.append(f"{path.name} runs tools/deep{rest}, which it does not know")
    parts = re.findall(r"^#   tools/deep ([a-z]+)", (repository / "tools/deep").read_text(), flags=re.M)
    nightly = (folder / "workflows/nightly.yml").read_text()
    problems += [f"nightly.yml does not run tools/deep {part}" for part in parts if part != "tokens" and f"tools/deep {part}" not in nightly]
    named = {name for text in map(pathlib.Path.read_text, folder.glob("workflows/*.yml")) for name in re.findall(r"tests: (\w+Tests)", text)}
    problems += [f"a workflow names {name}, which is not in Tests" for name in named if not (repository / "Tests" / name).is_dir()]
    if problems:
        fail("facts", *problems)


def check_error_codes():
    """docs/schema/error.json knows the code of every error that a command may end with."""
    # These never reach a user as they are: others say what they mean there.
    inner = {"MarkupError", "StepFailure", "TransferError"}
    codes = set()
    for path in (repository / "Sources").rglob("*.swift"):
        if path.relative_to(repository).parts[1] in ("ClusterLab", "VirtualToken", "cluster-lab", "virtual-token"):
            continue
        text = path.read_text()
        if "etoken-bridge" in path.parts:
            codes |= set(re.findall(r'\bcode: "([a-z0-9-]+)"', text))
        for error in re.finditer(r"^public struct (\w+): [^{]*\bUserError\b", text, flags=re.M):
            cases = re.search(r"^    public enum Code\b[^{]*\{(.*?)^    \}", text[error.end():], flags=re.M | re.S)
            if not cases or error[1] in inner:
                continue
            for case in re.finditer(r"^        case (.+)$", cases[1], flags=re.M):
                for name, code in re.findall(r'(\w+)(?: = "([^"]+)")?(?:, |$)', case[1]):
                    codes.add(code or name)
    schema = json.loads((docs / "schema/error.json").read_text())
    missing = codes - set(schema["properties"]["error"]["properties"]["code"]["enum"])
    if missing:
        fail("facts", *(f"docs/schema/error.json lacks the code {code}" for code in sorted(missing)))


def check():
    check_error_codes()
    check_workflows()
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
