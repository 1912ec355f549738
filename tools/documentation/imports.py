"""docs/imports.svg: which target imports which, in layers, transitively reduced."""

import json
import re
import subprocess
from html import escape

from common import docs, fail, repository

picture = docs / "imports.svg"

HEIGHT, ROW, GAP, DUMMY = 26, 74, 16, 8
# By kind: the fill and the border of its boxes.
COLOURS = {
    "program": ("#fde9d9", "#c05a00"), "lab": ("#e9f5e6", "#3a7d34"), "library": ("#e6eefb", "#2f5597"), "C": ("#eeeeee", "#777777"),
}
LEGEND = {
    "program": "programs", "library": "libraries", "lab": "lab, virtual card", "C": "C",
}


def targets(strictly=False):
    """Each target of Sources: its kind and what it imports. With `strictly`, fails if Package.swift declares more."""
    dump = subprocess.run(["swift", "package", "dump-package"], cwd=repository, capture_output=True, text=True)
    if dump.returncode != 0:
        fail("imports", dump.stderr.strip())
    described = {}
    for target in json.loads(dump.stdout)["targets"]:
        folder = repository / (target.get("path") or f"Sources/{target['name']}")
        if target["type"] in ("regular", "executable") and folder.is_relative_to(repository / "Sources"):
            described[target["name"]] = (target, folder)
    found = {}
    for name, (target, folder) in sorted(described.items()):
        declared = {next(iter(d.values()))[0] for d in target["dependencies"]} & described.keys()
        swift = sorted(folder.rglob("*.swift"))
        lines = (line for file in swift for line in re.findall(r"^[@\w ]*\bimport (?:\w+ )?(\w+)", file.read_text(), flags=re.M))
        imported = set(lines) & described.keys() if swift else declared
        if strictly and declared - imported:
            fail("imports", f"Package.swift names {', '.join(sorted(declared - imported))} for {name}, which does not import it")
        kind = "C" if not swift else "program" if target["type"] == "executable" else "library"
        if kind == "library" and name in ("ClusterLab", "VirtualToken"):
            kind = "lab"
        found[name] = (kind, imported - {name})
    return found


def reduced(below):
    """The transitive reduction."""
    def reachable(name):
        return set().union(*({other} | reachable(other) for other in below[name]), set())

    return {name: {o for o in others if not any(o in reachable(p) for p in others)} for name, others in below.items()}


def layers(below):
    """The row of each target; 0 is the top. A target is placed directly below the lowest one that imports it."""
    row = {}

    def place(name):
        if name not in row:
            row[name] = max((place(above) + 1 for above in below if name in below[above]), default=0)
        return row[name]

    for name in sorted(below):
        place(name)
    return row


class Layout:
    def __init__(self, below):
        row = layers(below)
        self.rows = [[] for _ in range(max(row.values()) + 1)]
        self.up, self.down, self.width = {}, {}, {}
        for name in sorted(below):
            self.add(name, row[name], round(7.4 * len(name)) + 18)
        # An arrow across several rows passes through a point in each.
        self.arrows = []
        for name in sorted(below):
            for other in sorted(below[name]):
                path = [name]
                for between in range(row[name] + 1, row[other]):
                    path.append((name, other, between))
                    self.add(path[-1], between, DUMMY)
                path.append(other)
                self.arrows.append(path)
                for a, b in zip(path, path[1:]):
                    self.down[a].append(b)
                    self.up[b].append(a)
        self.order()
        self.place()

    def add(self, node, row, width):
        self.rows[row].append(node)
        self.up[node], self.down[node], self.width[node] = [], [], width

    def crossings(self):
        count = 0
        for row, lower in zip(self.rows, self.rows[1:]):
            position = {node: i for i, node in enumerate(lower)}
            ends = [position[b] for a in row for b in sorted(self.down[a], key=position.get)]
            count += sum(ends[i] > ends[j] for i in range(len(ends)) for j in range(i + 1, len(ends)))
        return count

    def order(self):
        """Orders rows by the mean position of their neighbours, sweeping down and up; keeps the order with the fewest crossings."""
        best, fewest = [list(row) for row in self.rows], self.crossings()
        for sweep in range(60):
            downwards = sweep % 2 == 0
            for index in range(1, len(self.rows)) if downwards else range(len(self.rows) - 2, -1, -1):
                beside = {n: i for i, n in enumerate(self.rows[index - 1 if downwards else index + 1])}
                joined = self.up if downwards else self.down
                now = {n: i for i, n in enumerate(self.rows[index])}
                self.rows[index].sort(key=lambda n: (
                    sum(beside[o] for o in joined[n]) / len(joined[n]) if joined[n] else now[n] * len(beside) / len(now), now[n]))
            # Swap adjacent nodes where that reduces crossings.
            for row in self.rows:
                for i in range(len(row) - 1):
                    before = self.crossings()
                    row[i], row[i + 1] = row[i + 1], row[i]
                    if self.crossings() >= before:
                        row[i], row[i + 1] = row[i + 1], row[i]
            if self.crossings() < fewest:
                best, fewest = [list(row) for row in self.rows], self.crossings()
        self.rows = best

    def place(self):
        """Moves each node towards the mean of its neighbours, without overlaps."""
        self.x = {}
        for row in self.rows:
            at = 0
            for node in row:
                self.x[node] = at + self.width[node] / 2
                at += self.width[node] + GAP
        for sweep in range(80):
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                wanted = []
                for node in row:
                    joined = self.up[node] + self.down[node]
                    wanted.append(sum(self.x[o] for o in joined) / len(joined) if joined else self.x[node])
                # Nodes that would overlap form a block, placed at the mean of their wishes.
                blocks = []
                for node, want in zip(row, wanted):
                    blocks.append([[node], [0.0], want, 1])
                    while len(blocks) > 1:
                        (a, offsets, start, n), (b, others, begin, m) = blocks[-2:]
                        shift = offsets[-1] + self.width[a[-1]] / 2 + GAP + self.width[b[0]] / 2
                        if begin >= start + shift:
                            break
                        mean = (start * n + (begin - shift) * m) / (n + m)
                        blocks[-2:] = [[a + b, offsets + [shift + o for o in others], mean, n + m]]
                for nodes, offsets, start, _ in blocks:
                    for node, offset in zip(nodes, offsets):
                        self.x[node] = start + offset
        left = min(self.x[n] - self.width[n] / 2 for n in self.x)
        self.x = {n: x - left + 20 for n, x in self.x.items()}

    def svg(self, kinds):
        y = {node: 20 + index * ROW for index, row in enumerate(self.rows) for node in row}
        width = round(max(self.x[n] + self.width[n] / 2 for n in self.x) + 20)
        height = len(self.rows) * ROW + 20
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="DejaVu Sans, Verdana, sans-serif" font-size="12">',
            "<title>Which target imports which</title>",
            "<!-- Written by `tools/docs update` from the sources. Do not edit: tools/test compares it. -->",
            f'<rect width="{width}" height="{height}" fill="white"/>',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" fill="#666"/></marker></defs>',
        ]
        for path in self.arrows:
            x, line = self.x[path[0]], ""
            line = f"M{x:.0f} {y[path[0]] + HEIGHT}"
            for a, b in zip(path, path[1:]):
                start, end = y[a] + HEIGHT, y[b]
                middle = (start + end) / 2
                line += f"C{self.x[a]:.0f} {middle:.0f} {self.x[b]:.0f} {middle:.0f} {self.x[b]:.0f} {end}"
                if b != path[-1]:
                    line += f"V{end + HEIGHT}"
            out.append(f'<path d="{line}" fill="none" stroke="#666" marker-end="url(#tip)"/>')
        for name, kind in sorted(kinds.items()):
            fill, border = COLOURS[kind]
            left = self.x[name] - self.width[name] / 2
            out.append(f'<rect x="{left:.0f}" y="{y[name]}" width="{self.width[name]}" height="{HEIGHT}" rx="4" fill="{fill}" stroke="{border}"/>')
            out.append(f'<text x="{self.x[name]:.0f}" y="{y[name] + 17}" text-anchor="middle">{escape(name)}</text>')
        at = 20
        for kind, text in LEGEND.items():
            fill, border = COLOURS[kind]
            out.append(f'<rect x="{at}" y="{height - 24}" width="14" height="14" rx="3" fill="{fill}" stroke="{border}"/>')
            out.append(f'<text x="{at + 20}" y="{height - 13}">{text}</text>')
            at += 36 + round(6.4 * len(text))
        return "\n".join([*out, "</svg>"]) + "\n"


def drawn(strictly=False):
    found = targets(strictly)
    return Layout(reduced({name: below for name, (_, below) in found.items()})).svg({name: kind for name, (kind, _) in found.items()})


def check():
    if not picture.exists() or picture.read_text() != drawn(strictly=True):
        fail("imports", "docs/imports.svg is not current: run tools/docs update imports, and look at it")


def update():
    picture.write_text(drawn())
