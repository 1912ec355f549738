"""tools/cast, which explains the arguments; it runs in the session's namespaces, in an empty home folder."""

import pathlib
import subprocess
import sys

import record
from picture import Cast, still
from session import Session

tokens = [word for token in ("SAST-ADN0054f509", "SAST-ADN008580ef") for word in ("--token", token)]
# GitHub shows all of them on one page.
most_bytes = 300_000


def run(*command, status=0):
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if ended.returncode != status:
        sys.exit(f"cast: {' '.join(command)} ended with status {ended.returncode}:\n{ended.stderr}")


def raise_lab(name, *options):
    run("cluster-lab", "up", f".{name}", *options)
    run("etoken-bridge", "cluster", "add", "--lab", f".{name}", "--name", name)


def migration():
    """Three phones, and services that take a fortieth of a real cluster's time: the whole change."""
    raise_lab("office", "--durations", "real/40")
    with Session(columns=80, rows=24) as session:
        session.hide("source .tokens/env")
        session.type("etoken-bridge token list")
        session.until("$ ", hold=1.5)
        session.type("etoken-bridge migrate to-etoken --introduce never --report change.html \\")
        session.until("> ")
        session.type(" ".join(tokens))
        session.answer("Return means yes): ", "")
        session.answer("Continue anyway?", "yes", until="): ", hold=5)
        session.answer("Type yes or no: ", "yes")
        session.answer("PIN of token", "Cisco123", until="): ")
        session.until("$ ", limit=180, hold=4)
        session.type("etoken-bridge phones stranded")
        session.until("$ ", hold=4)
    run("cluster-lab", "down", ".office", "--delete")
    return Cast(session).svg(
        "A migration from tokenless to hardware eTokens",
        "A terminal: etoken-bridge lists two tokens, shows the plan and what each phone will do, asks, takes the PIN, runs the"
        " change step by step, each with its proof, and lists the phone that is left.")


def forecast():
    """What the plan says in short about a cluster with phones of 16 models."""
    with Session(columns=80, rows=60) as session:
        session.hide("source .tokens/env")
        session.type(f"etoken-bridge migrate to-etoken --cluster campus {' '.join(tokens)} --dry-run")
        session.until("$ ")
    cast = Cast(session)
    return still(
        session.columns, cast.lines("Phones: ", "Records:") + cast.lines("Restarts: ", "Tried beforehand"),
        "The forecast", "How many phones follow and how many need a visit, by model and device pool; what restarts, how long it"
        " takes, and what the way back costs.")


def change_record():
    run("bash", "-c", f"source .tokens/env; etoken-bridge migrate to-etoken --cluster campus {' '.join(tokens)} --introduce never"
        " --accept-stranded --yes --pin-file .tokens/pin --report record.html --ticket CHG0042 --approver 'J. Smith'")
    return record.svg(pathlib.Path("record.html").read_text())


def main(out):
    run("mock-tokens", ".tokens")
    pictures = {"migration.svg": migration()}
    raise_lab("campus", "--phones", "100")
    pictures |= {"forecast.svg": forecast(), "record.svg": change_record()}
    for name, picture in pictures.items():
        (out / name).write_text(picture)
        print(f"{len(picture.encode()):7d}  {name}")
    total = sum(len(picture.encode()) for picture in pictures.values())
    if total > most_bytes:
        sys.exit(f"cast: the pictures have {total} bytes, and {most_bytes} is the most")


main(pathlib.Path(sys.argv[1]))
