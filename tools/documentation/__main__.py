"""tools/docs, which explains the arguments."""

import pathlib
import sys

import commands
import facts
import imports
import pages
import schemas
import translations

parts = {
    "commands": commands.check, "imports": imports.check, "links": facts.check_links, "facts": facts.check, "pages": pages.check,
    "schemas": schemas.check, "translations": translations.check,
}
updates = {"commands": commands.update, "imports": imports.update, "schemas": schemas.update}


def main(verb="", *arguments):
    known = {"check": parts, "update": updates}.get(verb, {})
    if known and all(part in known for part in arguments):
        for part in arguments or (part for part in known if verb == "check" or part != "schemas"):
            known[part]()
    elif verb == "links" and arguments:
        facts.no_dead_links(map(pathlib.Path, arguments))
    elif verb == "script" and len(arguments) == 1:
        print(pages.script(arguments[0]), end="")
    elif verb == "manual-pages" and len(arguments) == 1:
        commands.write_manual_pages(pathlib.Path(arguments[0]))
    else:
        print(f"docs: {' '.join(sys.argv[1:])}: see tools/docs --help", file=sys.stderr)
        sys.exit(64)


main(*sys.argv[1:])
