"""Times `ctl deploy` on a lab of many nodes, and on each of its nodes alone.

Arguments: the program etoken-bridge, the lab's folder, and two CTL files to put there in turn. XDG_CONFIG_HOME names
the configuration that this writes. Prints the seconds for all nodes at once and for the slowest node."""
import json
import os
import subprocess
import sys
import time
import tomllib

PROGRAM, LAB, FILES = sys.argv[1], sys.argv[2], sys.argv[3:5]
ROUNDS = 3
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


# The fastest of some rounds: what else this machine does is not what is measured.
together, alone = [], {node["name"]: [] for node in lab["nodes"]}
for number in range(ROUNDS):
    # Each time another file than the nodes have, as nothing is done otherwise.
    together.append(deploy("all", FILES[0]))
    for name in alone:
        alone[name].append(deploy(name, FILES[1]))
print(f"{min(together):.3f} {max(min(seconds) for seconds in alone.values()):.3f}")
