"""Times `ctl deploy` on a lab of many nodes, and on the slowest of them alone.

Arguments: how often, the program etoken-bridge, the lab's folder, two CTL files for all nodes in turn, and a third one, which
they have, for one alone. XDG_CONFIG_HOME names the configuration that this writes. Prints a pair a line: the seconds for all
nodes at once, and for the one alone that was the slowest when each was measured once."""
import json
import os
import subprocess
import sys
import time
import tomllib

PAIRS, PROGRAM, LAB, FILES = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:7]
with open(f"{LAB}/cluster.toml", "rb") as file:
    (lab,) = tomllib.load(file)["clusters"].values()


def section(name, nodes):
    account = lab["platform"]
    lines = [f'[clusters."{name}"]', f'version = "{lab["version"]}"', f'[clusters."{name}".platform]',
             f'user = "{account["user"]}"', f'password_file = "{account["password_file"]}"']
    for number, node in enumerate(nodes):
        # JSON's strings, numbers and booleans are TOML's as well.
        settings = node | {"publisher": number == 0}
        lines += [f'[[clusters."{name}".nodes]]'] + [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


os.makedirs(os.environ["XDG_CONFIG_HOME"] + "/etoken-bridge", exist_ok=True)
with open(os.environ["XDG_CONFIG_HOME"] + "/etoken-bridge/config.toml", "w") as file:
    file.write(section("all", lab["nodes"]))
    for node in lab["nodes"]:
        file.write(section(node["name"], [node]))


def deploy(cluster, path):
    start = time.monotonic()
    result = subprocess.run(
        [PROGRAM, "ctl", "deploy", path, "--cluster", cluster, "--yes", "--json"], capture_output=True, text=True)
    seconds = time.monotonic() - start
    assert result.returncode == 0, result.stderr
    assert all(node["state"] == "done" for node in json.loads(result.stdout)["nodes"]), result.stdout
    return seconds


# Each time another file than the nodes have, as nothing is done otherwise.
slowest = max((node["name"] for node in lab["nodes"]), key=lambda name: deploy(name, FILES[0]))
for number in range(PAIRS):
    together = deploy("all", FILES[(number + 1) % 2])
    print(f"{together:.3f} {deploy(slowest, FILES[2]):.3f}", flush=True)
