"""The change record as a picture: the page itself, inside an SVG, as browsers show it."""

import html
import re
from html.parser import HTMLParser

width, height = 820, 1000


class AsXML(HTMLParser):
    """A page's body as XHTML: elements without content are closed."""

    empty = {"br", "meta", "hr", "img"}

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.parts = []
        self.is_inside = False

    def handle_starttag(self, tag, attributes):
        if self.is_inside:
            written = "".join(f' {name}="{html.escape(value or "")}"' for name, value in attributes)
            space = ' xmlns="http://www.w3.org/2000/svg"' if tag == "svg" else ""
            self.parts.append(f"<{tag}{space}{written}{'/' if tag in self.empty else ''}>")
        self.is_inside |= tag == "body"

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.empty:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        self.is_inside &= tag != "body"
        if self.is_inside and tag not in self.empty:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data):
        if self.is_inside:
            self.parts.append(html.escape(data, quote=False))

    def handle_entityref(self, name):
        self.handle_data(html.unescape(f"&{name};"))

    def handle_charref(self, name):
        self.handle_data(html.unescape(f"&#{name};"))


def without_block(css, start):
    """Leaves out the rules of an at-rule: those for narrow screens would count the picture's size on the reader's page."""
    while (begin := css.find(start)) >= 0:
        end, depth = css.index("{", begin) + 1, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        css = css[:begin] + css[end:]
    return css


def svg(page):
    css = re.search(r"<style>(.*?)</style>", page, flags=re.S)[1]
    for start in ("@media screen and (max-width", "@page", "@media print"):
        css = without_block(css, start)
    # The page's own pictures, not this one.
    css = re.sub(r"(?m)^(\s*)svg \{", r"\1body svg {", css)
    parser = AsXML()
    parser.feed(page)
    body = "".join(parser.parts)
    # What is below the picture's edge is not in it.
    body = body[:body.index("<section", body.index("The way back</h2>"))] + "</main>"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" \
aria-labelledby="title desc">
<title id="title">A change record</title>
<desc id="desc">A web page: what is left to do, the change in short, and the forecast by model and device pool.</desc>
<style>{css}
body {{ margin: 0; padding: 1.2rem 1.4rem; }}
.frame {{ fill: none; stroke: var(--line); }}
</style>
<foreignObject width="{width}" height="{height}"><body xmlns="http://www.w3.org/1999/xhtml">{body}</body></foreignObject>
<rect class="frame" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>
</svg>
"""
