"""Pictures of a terminal as SVG: without scripts, in the reader's dark or light colours, in any monospaced font."""

import html

from terminal import Terminal

cell, line_height, margin = 8.4, 18, 14

style = """
svg { color-scheme: light dark; --ink: #1c2328; --quiet: #55606a; --line: #d5dbe0; --paper: #fff;
  --good: #2f7d4f; --bad: #b3261e; --doubt: #7a6000; }
@media (prefers-color-scheme: dark) { svg { --ink: #e3e8ec; --quiet: #a3aeb8; --line: #38424a; --paper: #14181c;
  --good: #6fcf97; --bad: #ff8a80; --doubt: #e6c04a; } }
.paper { fill: var(--paper); stroke: var(--line); }
text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: var(--ink); white-space: pre; }
.bold { font-weight: 700; } .dim { fill: var(--quiet); }
.green { fill: var(--good); } .red { fill: var(--bad); } .yellow { fill: var(--doubt); }
"""


def document(columns, rows, title, description, extra_style, body):
    width, height = columns * cell + 2 * margin, rows * line_height + 2 * margin
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" \
role="img" aria-labelledby="title desc">
<title id="title">{html.escape(title)}</title>
<desc id="desc">{html.escape(description)}</desc>
<style>{style}{extra_style}</style>
<rect class="paper" x=".5" y=".5" width="{width - 1:g}" height="{height - 1:g}" rx="8"/>
<svg x="{margin}" y="{margin}" width="{columns * cell:g}" height="{rows * line_height}">
{body}
</svg>
</svg>
"""


def text(number, line):
    """A line of text: as long as its columns are, whatever font there is."""
    length = sum(len(part) for part, _ in line)
    parts = "".join(
        f'<tspan class="{" ".join(classes)}">{html.escape(part, quote=False)}</tspan>' if classes
        else html.escape(part, quote=False) for part, classes in line)
    return f'<text xml:space="preserve" y="{number * line_height + 13}" textLength="{length * cell:g}">{parts}</text>'


def still(columns, lines, title, description):
    body = "\n".join(text(number, line) for number, line in enumerate(lines) if line)
    return document(columns, len(lines), title, description, "", body)


class Cast:
    """A recording, as one picture that moves: every line is there once for each text that it had, and the screen moves along."""

    # Shorter than that nobody sees; the last screen stays.
    shortest, last = 0.06, 4.0

    def __init__(self, session):
        self.columns, self.rows = session.columns, session.rows
        terminal = Terminal(self.columns, self.rows)
        self.frames = []  # (when, the screen's first line, all lines, the cursor)
        now = 0.0
        for seconds, printed in session.recording:
            now += seconds
            terminal.write(printed)
            screen = (terminal.top, terminal.screen(), (terminal.column, terminal.row))
            if self.frames and now - self.frames[-1][0] < self.shortest:
                self.frames[-1] = (self.frames[-1][0], *screen)
            else:
                self.frames.append((now, *screen))
        self.seconds = now + self.last

    def lines(self, first, last):
        """Of the last screen: those from the first that begins with `first` to the next that begins with `last`, without it."""
        lines = self.frames[-1][2]
        words = ["".join(part for part, _ in line) for line in lines]
        begin = next(number for number, line in enumerate(words) if line.startswith(first))
        end = next(number for number in range(begin + 1, len(words)) if words[number].startswith(last))
        return tuple(lines[begin:end])

    def versions(self):
        """(line number, text, from, to) of every text that is ever seen; `to` is None if it stays."""
        found, shown = [], {}
        for when, _, lines, _ in self.frames:
            for number, line in enumerate(lines):
                if number in shown and shown[number][0] != line:
                    found.append((number, *shown.pop(number), when))
                if number not in shown:
                    shown[number] = (line, when)
        found += [(number, line, since, None) for number, (line, since) in shown.items()]
        return [version for version in found if version[1]]

    def percent(self, when):
        return f"{100 * when / self.seconds:.2f}%"

    def moves(self, name, places):
        """Keyframes of a thing that is moved: (when, place)."""
        steps = []
        for when, place in places:
            if not steps or steps[-1][1] != place:
                steps.append((when, place))
        frames = "".join(f"{self.percent(when)}{{transform:translate({x:g}px,{y:g}px)}}" for when, (x, y) in steps)
        return (f"@keyframes {name}{{{frames}}}\n"
                f".{name}{{transform:translate({steps[-1][1][0]:g}px,{steps[-1][1][1]:g}px);"
                f"animation:{name} {self.seconds:.2f}s step-end infinite}}\n")

    def svg(self, title, description):
        css = self.moves("screen", [(when, (0, -top * line_height)) for when, top, _, _ in self.frames])
        css += self.moves("cursor", [
            (when, (column * cell, row * line_height)) for when, _, _, (column, row) in self.frames])
        css += ".cursor { fill: var(--quiet); opacity: .6; }\n"
        groups = {}
        for number, line, since, until in self.versions():
            groups.setdefault((since, until), []).append(text(number, line))
        body = []
        for index, ((since, until), texts) in enumerate(groups.items()):
            if since == 0 and until is None:
                body += texts
                continue
            before = "0%{visibility:hidden}" if since > 0 else ""
            after = "" if until is None else f"{self.percent(until)}{{visibility:hidden}}"
            css += (f"@keyframes t{index}{{{before}{self.percent(since)}{{visibility:visible}}{after}}}\n"
                    f".t{index}{{visibility:{'visible' if until is None else 'hidden'};"
                    f"animation:t{index} {self.seconds:.2f}s step-end infinite}}\n")
            body.append(f'<g class="t{index}">{"".join(texts)}</g>')
        css += "@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }\n"
        cursor = f'<rect class="cursor" width="{cell}" height="{line_height - 1}"/>'
        return document(
            self.columns, self.rows, title, description, "\n" + css,
            '<g class="screen">' + "\n".join(body) + cursor + "</g>")
