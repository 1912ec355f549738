"""What the parts of tools/docs share."""

import json
import os
import pathlib
import subprocess
import sys

repository = pathlib.Path(__file__).resolve().parent.parent.parent
docs = repository / "docs"
programs = pathlib.Path(os.environ.get("ETOKEN_BRIDGE_BIN", repository / ".build/release")).absolute()


def fail(part, *problems):
    sys.exit("\n".join(f"docs {part}: {problem}" for problem in problems))


def environment(home, locale="C.UTF-8"):
    """For programs that run in their own home folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return kept | {"HOME": str(home), "LC_ALL": locale, "PATH": f"{programs}:{repository}/tools:{os.environ['PATH']}"}


def described(program, locale="C.UTF-8"):
    """What a program says about itself: its top-level command, as dumped by ArgumentParser."""
    if not (programs / program).exists():
        fail("commands", f"{programs / program} is not there: run tools/build first")
    result = subprocess.run(
        [programs / program, "--experimental-dump-help"], capture_output=True, text=True,
        env=os.environ | {"LC_ALL": locale, "LANGUAGE": ""})
    if result.returncode != 0 or not result.stdout:
        fail("commands", f"{programs / program} does not tell its commands: run tools/build first")
    return json.loads(result.stdout)["command"]
