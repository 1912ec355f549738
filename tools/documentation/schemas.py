"""Runs every command of etoken-bridge that has --json on mock tokens and a lab, and checks each document with its schema.

A schema lists every key: one that is new in a document is an error until the schema has it, so that nothing changes for
other programs without somebody noticing.
"""

import json
import pathlib
import shutil
import subprocess
import tempfile

import jsonschema

from common import described, docs, environment, fail

folder = docs / "schema"
tokens = ("SAST-ADN0054f509", "SAST-ADN008580ef")


class Session:
    """A separate home folder, with tokens and a lab, and the documents that commands printed there."""

    def __init__(self, home):
        self.home = pathlib.Path(home)
        self.environment = environment(home)
        self.documents = {}
        self.labs = []
        self.cards = None

    def tool(self, *command):
        result = subprocess.run(command, env=self.environment, cwd=self.home, capture_output=True, text=True)
        if result.returncode != 0:
            fail("schemas", f"{' '.join(command)} ended with status {result.returncode}:\n{result.stdout}{result.stderr}")
        return result.stdout

    def source(self, file):
        """Takes over what a file of "export NAME=VALUE" lines sets."""
        for line in self.tool("bash", "-c", f'. "{file}" && env').splitlines():
            name, _, value = line.partition("=")
            if name in ("SOFTHSM2_CONF", "PCSCLITE_CSOCK_NAME", "ETOKEN_BRIDGE_MODULE"):
                self.environment[name] = value

    def run(self, command, *arguments, status=(0,)):
        """Runs a command with --json, and keeps what it printed."""
        line = ["etoken-bridge", *command.split(), *map(str, arguments), "--json"]
        result = subprocess.run(
            line, env=self.environment, cwd=self.home, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode not in status:
            fail("schemas", f"{' '.join(line)} ended with status {result.returncode}, not {' or '.join(map(str, status))}:\n{result.stderr}")
        # token watch prints one document per line, everything else a single one.
        texts = result.stdout.splitlines() if command == "token watch" else [result.stdout]
        for text in texts:
            try:
                document = json.loads(text)
                kind = "error" if "error" in document else command
                self.documents.setdefault(kind, []).append((" ".join(line), document))
            except json.JSONDecodeError as error:
                fail("schemas", f"{' '.join(line)} did not print one JSON document: {error}\n{text}")

    def break_off(self, mark, command, *arguments):
        """Runs a command, and kills it when it says MARK."""
        line = ["etoken-bridge", *command.split(), *map(str, arguments)]
        process = subprocess.Popen(
            line, env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        for said in process.stderr:
            if mark in said:
                break
        process.kill()
        process.wait()

    def lab(self, name, *options):
        self.labs.append(name)
        self.tool("cluster-lab", "up", name, *options)

    def close(self):
        for name in self.labs:
            subprocess.run(["cluster-lab", "down", name], env=self.environment, cwd=self.home, capture_output=True)
        if self.cards:
            self.cards.terminate()
            self.cards.wait()
        subprocess.run(["chmod", "-R", "u+w", self.home], check=False)


def on_mock_tokens(s):
    s.tool("mock-tokens", "tokens")
    s.source("tokens/env")
    s.run("token list")
    s.run("token show", tokens[0])
    s.run("token export", tokens[1], "--output", "exported.pem")
    s.run("token export", "--all", "--format", "der", "--output", "./")
    s.run("token wait", tokens[0])
    s.run("token watch", "--until-inserted", 2)
    uris = [f"pkcs11:token={token}?pin-source=file:tokens/pin" for token in tokens]
    s.run("token test", *uris)
    s.run("token test", "nobody", uris[0], status=(2,))
    s.run("token show", "nobody", status=(2,))
    s.run("ctl verify", "nothing.tlv", status=(2,))
    s.run("doctor", status=(0, 1))      # as this machine has a smart card service, or none


def on_virtual_tokens(s):
    """Tokens in readers: what is known about readers and cards is in the documents, too."""
    with open(s.home / "cards.log", "w") as log:
        s.cards = subprocess.Popen(["virtual-tokens", "cards"], env=s.environment, cwd=s.home, stdout=log, stderr=log)
    for _ in range(600):
        if (s.home / "cards/ready").exists() or s.cards.poll() is not None:
            break
        try:
            s.cards.wait(0.1)
        except subprocess.TimeoutExpired:
            pass
    if not (s.home / "cards/ready").exists():
        fail("schemas", "the virtual tokens did not start:\n" + (s.home / "cards.log").read_text())
    before = dict(s.environment)
    del s.environment["SOFTHSM2_CONF"]
    s.source("cards/env")
    s.run("token list")
    s.run("token show", tokens[0])
    s.run("token watch", "--until-inserted", 2)
    s.run("doctor", status=(0, 1))
    (s.home / "new-pin").write_text("Rainfall-2931\n")
    (s.home / "new-pin").chmod(0o600)
    s.run("token change-pin", tokens[1], "--pin-file", "cards/pin", "--new-pin-file", "new-pin")
    s.environment = before


def on_files(s, present):
    signing = ("--sign-with", tokens[1], "--pin-file", "tokens/pin")
    s.run("ctl show", present)
    s.run("ctl show", present.with_name("ITLFile.tlv"))
    both = ("--add-token", tokens[0], "--add-token", tokens[1])
    s.run("ctl edit", present, *both, *signing, "--output", "edited.tlv")
    s.run("ctl edit", present, *both, "--sign-with", tokens[0], "--pin-file", "tokens/pin", "--output", "other.tlv")
    s.run("ctl sign", "edited.tlv", *signing, "--output", "signed.tlv")
    records = ("--record", f"sast:{tokens[0]}.cer", "--record", f"sast:{tokens[1]}.cer")
    s.run("ctl build", *records, *signing, "--output", "built.tlv")
    elsewhere = ("--request", "--token-certificate", f"{tokens[1]}.cer")
    s.run("ctl edit", present, *both, *elsewhere, "--output", "edit.request")
    s.run("ctl build", *records, *elsewhere, "--output", "build.request")
    s.run("ctl sign", "edited.tlv", *elsewhere, "--output", "request")
    s.run("ctl sign", "request", *signing, "--yes", "--output", "answer")
    s.run("ctl sign", "request", "--signature", "answer", "--output", "elsewhere.tlv")
    s.run("ctl show", "built.tlv")
    s.run("ctl verify", "edited.tlv")
    s.run("ctl verify", "edited.tlv", "--held", present, "--itl", present.with_name("ITLFile.tlv"), status=(5,))
    s.run("ctl diff", present, "edited.tlv")
    s.run("ctl diff", "edited.tlv", "edited.tlv")


def on_the_cluster(s):
    s.run("cluster add", "--lab", "lab")
    s.run("cluster list")
    s.run("cluster show", "--cluster", "lab")
    s.run("cluster edit", "--cluster", "lab", "--release", "10.5.2.10000-6", "--yes")
    s.run("cluster use", "lab")
    s.run("cluster rename", "lab", "office")
    s.run("cluster remove", "office", "--yes")
    s.run("cluster add", "--lab", "lab")
    s.run("cluster confirm-key", "cucm-1051-a-sub1", "--cluster", "lab")
    s.run("cluster status", "--cluster", "lab")
    s.run("doctor", "--cluster", "lab", status=(0, 1))
    s.run("ctl fetch", "--cluster", "lab", "--output", "fetched.tlv")
    s.run("trust list", "--cluster", "lab")
    s.run("trust list", "--cluster", "lab", "--store", "CallManager-trust", "--via", "ssh")
    s.run("trust upload", "--cluster", "lab", "--token", tokens[0])
    s.run("trust upload", "--cluster", "lab", "--token", tokens[0])
    s.run("tvs query", "--cluster", "lab", "--token", tokens[0])
    s.run("tvs query", "--cluster", "lab", "--token", tokens[1], status=(5,))
    s.run("tvs query", "--cluster", "lab", "--signer-of", "fetched.tlv")
    s.run("trust list", "--cluster", "lab")
    s.run("trust remove", "--cluster", "lab", "--token", tokens[0], "--yes")
    s.run("cluster restart-services", "--cluster", "lab", "--service", "tftp", "--yes")

    s.run("capture take", "--cluster", "lab", "--token", tokens[0], "--output", "field.tar.gz", "--yes")
    s.run("capture check", "field.tar.gz")

    s.run("phones models")
    s.run("phones list", "--cluster", "lab")
    s.run("phones list", "--cluster", "lab", "--via", "sql", "--phones")
    s.run("phones models")
    s.run("phones models", "Cisco 7975", "CTI Port")
    s.run("phones forecast", "--cluster", "lab", "--file", "edited.tlv", status=(9,))
    s.run("phones forecast", "--cluster", "lab", "--file", "fetched.tlv", "--phones")
    s.run("phones check", "--cluster", "lab", "--phones")
    s.run("phones restart", "--cluster", "lab", "--all", "--dry-run")
    s.run("phones restart", "--cluster", "lab", "--all", "--pause", "0", "--yes")
    on_changes(s)
    for log in sorted(s.home.glob("lab/phones/*/console.log")):
        s.run("phones explain", log, status=(0, 9))
    s.run("phones explain", "lab/nodes/cucm-1051-a-pub/tvs.log", status=(0, 9))
    s.run("ctl deploy", "other.tlv", "--cluster", "lab", "--allow-missing-servers", "--yes")
    s.run("ctl delete", "--cluster", "lab", "--any-mode", "--yes")
    s.tool("cluster-lab", "fault", "lab", "cucm-1051-a-sub1", "down")
    s.run("ctl deploy", "edited.tlv", "--cluster", "lab", "--keep-partial", "--allow-missing-servers", "--yes", status=(8,))
    s.run("cluster status", "--cluster", "lab", status=(8,))
    s.run("cluster status --all", status=(8,))
    s.run("doctor", "--cluster", "lab", status=(1,))


def on_changes(s):
    """Every kind of change: planned, run, found already done, interrupted, resumed, and undone."""
    lab = ("--cluster", "lab")
    change = (*lab, "--token", tokens[0], "--token", tokens[1])
    yes = ("--accept-stranded", "--yes", "--pin-file", "tokens/pin")
    s.run("migrate to-etoken", *change, "--dry-run", status=(9,))
    s.run("migrate to-etoken", *change, "--accept-stranded", "--plan", "plan.json")
    s.run("migrate sign", "plan.json", "--yes", "--pin-file", "tokens/pin")
    s.run("migrate run", "plan.json", *yes, "--signature", "plan.json.answer", "--report", "record")
    s.run("migrate to-etoken", *change, *yes)
    s.run("migrate status", *lab)
    s.run("phones stranded", *lab)
    left = [phone["phone"] for phone in s.documents["phones stranded"][-1][1]["phones"]]
    s.run("phones erase-trust-list", *lab, "--stranded", "--dry-run")
    keys = "Init:Settings Settings KeyPad4 KeyPad5 KeyPad2 KeyPadStar KeyPadStar KeyPadPound Soft4 Soft2"
    (s.home / "sequences.csv").write_text(f"model,firmware,keys,source\nCisco 79*,P003*,{keys},the lab\n")
    s.run("phones erase-trust-list", *lab, *left, "--sequences", "sequences.csv", "--yes")
    s.run("phones stranded", *lab)
    s.run("phones visited", *lab, *left)
    s.run("migrate update-certificates", *change, *yes)
    lost = ("--lost", tokens[0], "--lost", tokens[1])
    s.run("migrate replace-token", *lab, *lost, "--dry-run", status=(0, 9))
    s.run("migrate replace-token", *lab, "--lost", "nobody", "--dry-run", status=(2,))
    s.run("migrate prepare-downgrade", *change, "--to", "9.1", "--report", "checklist", status=(0, 9))
    s.run("migrate prepare-upgrade", *lab, "--to", "15", status=(0, 9))
    s.run("migrate to-tokenless", *lab, "--accept-stranded", "--yes")
    s.run("migrate rollback", *lab, "--dry-run", status=(0, 9))
    s.run("migrate rollback", *lab, "--accept-stranded", "--yes")
    s.run("cluster set-mode", "mixed", *lab, "--yes")
    s.run("cluster set-mode", "non-secure", *lab, "--yes", "--accept-stranded")
    s.run("cluster status", *lab)
    s.run("cluster set-mode", "mixed", *change, *yes)
    s.break_off("[7/", "migrate to-tokenless", *lab, "--accept-stranded", "--yes")
    s.run("migrate status", *lab)
    s.run("migrate resume", *lab, "--dry-run")
    s.run("migrate resume", *lab, "--yes")


def commands():
    """Every command with --json."""
    def below(command, path):
        path = (*path, command["commandName"])
        names = {n["name"] for a in command.get("arguments", []) for n in a.get("names", [])}
        if "subcommands" not in command and "json" in names:
            yield " ".join(path[1:])
        for c in command.get("subcommands", []):
            yield from below(c, path)

    return list(below(described("etoken-bridge"), ()))


# Commands whose document is the same.
shared = {
    "change-record": (
        "cluster set-mode", "migrate to-etoken", "migrate to-tokenless", "migrate update-certificates",
        "migrate replace-token", "migrate run",
        "migrate status", "migrate resume", "migrate rollback")
}


def schema_file(command):
    for name, sharing in shared.items():
        if command in sharing:
            return folder / f"{name}.json"
    return folder / f"{command.replace(' --', ' ').replace(' ', '-')}.json"


def inferred(values):
    """A schema that fits all of the values."""
    kinds = {type(v) for v in values}
    parts = []
    if dict in kinds:
        objects = [v for v in values if isinstance(v, dict)]
        keys = sorted({k for v in objects for k in v})
        parts.append({
            "type": "object",
            "properties": {k: inferred([v[k] for v in objects if k in v]) for k in keys},
            "required": [k for k in keys if all(k in v for v in objects)],
            "additionalProperties": False,
        })
    if list in kinds:
        items = [i for v in values if isinstance(v, list) for i in v]
        parts.append({"type": "array", "items": inferred(items) if items else {"type": "string"}})
    for kind, name in ((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number")):
        if kind in kinds:
            parts.append({"type": name})
    if type(None) in kinds:
        parts.append({"type": "null"})
    return parts[0] if len(parts) == 1 else {"anyOf": parts}


def written(value, indent=0):
    """JSON that keeps what is short on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= 110 and not (isinstance(value, dict) and "properties" in value):
        return line
    pad = "\n" + " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {written(v, indent + 2)}" for k, v in value.items()]
        return "{" + pad + ("," + pad).join(parts) + "\n" + " " * indent + "}"
    if isinstance(value, list):
        return "[" + pad + ("," + pad).join(written(v, indent + 2) for v in value) + "\n" + " " * indent + "]"
    return line


def draft(file, documents):
    schema = inferred([document for _, document in documents])
    schema["properties"]["schema"] = {"const": "etoken-bridge/1"}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"etoken-bridge {file.stem.replace('-', ' ')} --json"}
    file.write_text(written(head | schema) + "\n")


def check(drafts=False):
    with tempfile.TemporaryDirectory() as home:
        session = Session(home)
        try:
            on_mock_tokens(session)
            on_virtual_tokens(session)
            session.lab("lab")
            shutil.copytree(session.home / "lab/nodes/cucm-1051-a-pub/tftp", session.home / "present")
            on_files(session, session.home / "present/CTLFile.tlv")
            on_the_cluster(session)
        finally:
            session.close()

    problems = [f"no document of {c}: add it to tools/documentation/schemas.py" for c in commands() if c not in session.documents]
    by_file = {}
    for command, documents in session.documents.items():
        by_file.setdefault(schema_file(command), []).extend(documents)
    for file, documents in sorted(by_file.items()):
        if not file.exists():
            if drafts:
                draft(file, documents)
            problems.append(f"{file.name} is new: read and edit it" if drafts else f"no {file.name}: tools/docs update schemas")
            continue
        schema = json.loads(file.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for line, document in documents:
            for error in validator.iter_errors(document):
                problems.append(f"{line}: {error.json_path}: {error.message}")
    for file in folder.glob("*.json"):
        # Every command has documents; some options have a schema of their own (cluster status --all).
        if file not in {*by_file, schema_file("error")}:
            problems.append(f"{file.name} is of no command")
    if problems:
        fail("schemas", *problems)
    count = sum(map(len, session.documents.values()))
    print(f"docs schemas: {count} documents of {len(session.documents) - 1} commands, and those of failures, are as docs/schema says")


def update():
    check(drafts=True)
