"""The table of tools/bench. Each line is measured in pairs, ours and the peer's; it is a JSON object in a file of lines.

table.py row FILE WHAT UNIT AIM   reads pairs from stdin, adds the line to FILE and prints it; AIM is 'at most N',
                                  'at least N' or 'none'
table.py head                     prints the heads of the columns
table.py missed FILE              status 1 if the median ratio of a line misses its aim
table.py write FILE PAGE          replaces the table in a page, between two marks, line by line: what was not measured stays
table.py compare FILE PAGE LIMIT  status 1 if a ratio is worse than the page's by more than this factor"""
import json
import os
import statistics
import sys
import time

BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"
HEADS = ["line", "ours", "peer", "unit", "ratio", "least", "most", "pairs", "aim", "met", "measured"]


def number(value):
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def meets(line):
    if line["aim"].startswith("at most "):
        return line["median"] <= float(line["aim"][8:])
    if line["aim"].startswith("at least "):
        return line["median"] >= float(line["aim"][9:])
    return None


def cells(line):
    met = meets(line)
    return [line["what"], number(line["ours"]), number(line["peer"]), line["unit"], f"{line['median']:.3f}",
            f"{line['least']:.3f}", f"{line['most']:.3f}", str(line["pairs"]), line["aim"],
            "-" if met is None else "yes" if met else "**no**", line["day"]]


def show(columns):
    what, ours, peer, unit, median, least, most, pairs, aim, met, _ = columns
    print(f"{what:<60} {ours:>8} {peer:>8} {unit:<9} {median:>7} {least:>7} {most:>7} {pairs:>5}  {aim:<13} "
          f"{met.strip('*').upper() if '*' in met else met}", flush=True)


def read(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def rows_of(page):
    """The lines of the page's table by what they measure, in their order."""
    with open(page) as file:
        text = file.read()
    rows = {}
    for line in text.split(BEGIN)[1].split(END)[0].splitlines():
        parts = [part.strip() for part in line.strip().strip("|").split("|")]
        if len(parts) == len(HEADS) and parts[0] != HEADS[0] and not set(parts[0]) <= {"-"}:
            rows[parts[0]] = parts
    return text, rows


def main(action, *rest):
    if action == "head":
        show(["WHAT", "OURS", "PEER", "UNIT", "RATIO", "LEAST", "MOST", "PAIRS", "AIM", "MET", ""])
    elif action == "row":
        path, what, unit, aim = rest
        pairs = [tuple(map(float, line.split())) for line in sys.stdin if line.strip()]
        if not pairs:
            sys.exit(f"table: nothing was measured for {what}")
        ratios = [ours / peer for ours, peer in pairs]
        line = {"what": what, "ours": statistics.median(pair[0] for pair in pairs),
                "peer": statistics.median(pair[1] for pair in pairs), "unit": unit,
                "median": statistics.median(ratios), "least": min(ratios), "most": max(ratios), "pairs": len(pairs),
                "aim": aim, "day": time.strftime("%Y-%m-%d")}
        with open(path, "a") as file:
            file.write(json.dumps(line) + "\n")
        show(cells(line))
    elif action == "missed":
        missed = [line["what"] for line in read(rest[0]) if meets(line) is False]
        if missed:
            print(f"{len(missed)} missed: {'; '.join(missed)}")
            sys.exit(1)
    elif action == "write":
        path, page = rest
        text, rows = rows_of(page)
        for line in read(path):
            rows[line["what"]] = cells(line)
        table = ["| " + " | ".join(row) + " |" for row in [HEADS, ["---"] * len(HEADS), *rows.values()]]
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        with open(page + ".new", "w") as file:
            file.write("\n".join([before + BEGIN, *table, END]) + after)
        os.replace(page + ".new", page)
    elif action == "compare":
        path, page, limit = rest[0], rest[1], float(rest[2])
        _, rows = rows_of(page)
        worse = []
        for line in read(path):
            before = float(rows[line["what"]][4]) if line["what"] in rows else None
            if before is None or line["aim"] == "none":
                continue
            factor = before / line["median"] if line["aim"].startswith("at least") else line["median"] / before
            if factor > limit:
                worse.append(f"{line['what']}: {line['median']:.3f}, recorded {before:.3f}")
        if worse:
            print(f"{len(worse)} worse than recorded by more than {limit}:", *worse, sep="\n  ")
            sys.exit(1)
    else:
        sys.exit(__doc__)


main(*sys.argv[1:] or ["help"])
