#!/usr/bin/env python3
"""usage: coroutines.py [TOP]: the mistakes with lib/base/co.h that no compiler finds.

 - an await within an inner switch: its case label belongs to that switch, and the resume goes astray
 - a value set above CO_BEGIN: it is set again at every resume

Prints each, and ends with 1 if there is one. Macros that contain an await are found by themselves."""
import pathlib
import re
import sys

from source import blank, c_files, closing, line_of, without_directives

AWAITS = {"CO_AWAIT", "CO_TRY", "CO_YIELD"}


def await_macros(texts):
    """The names of all macros through which one awaits."""
    bodies = {}
    for text in texts:
        for m in re.finditer(r"(?m)^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\n]*\\\n)*[^\n]*)", text):
            bodies.setdefault(m.group(1), []).append(m.group(2))
    names = set(AWAITS)
    while True:
        pattern = re.compile(r"\b(?:%s)\b" % "|".join(sorted(names)))
        more = {n for n, all_ in bodies.items() if n not in names and any(pattern.search(b) for b in all_)}
        if not more:
            return names
        names |= more


def mistakes(text, awaits):
    """Yields (position, what) for one file's blanked text without directives."""
    pattern = re.compile(r"\b(?:%s)\s*\(" % "|".join(sorted(awaits)))
    for begin in re.finditer(r"\bCO_BEGIN\b", text):
        body = text.rfind("\n{", 0, begin.start()) + 1
        above = text[body + 1 : begin.start()]
        for m in re.finditer(r"(?<![=!<>+\-*/|&^%])=(?!=)|\+\+|--|[+\-*/|&^%]=", above):
            yield body + 1 + m.start(), "a value is set above CO_BEGIN: it is set again at every resume"
        end = closing(text, body) if text[body] == "{" else len(text)
        for switch in re.finditer(r"\bswitch\s*\(", text[begin.end() : end]):
            at = closing(text, begin.end() + switch.end() - 1) + 1
            opening = re.compile(r"\s*").match(text, at).end()
            if opening < len(text) and text[opening] == "{":
                stop = closing(text, opening)
            else:
                stop = text.find(";", opening)
            for m in pattern.finditer(text, opening, stop):
                yield m.start(), "an await within an inner switch: put the switch into a function of its own"


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "../..").resolve()
    files = {path: blank(path.read_text(encoding="utf-8")) for path in c_files(top, "lib", "cmd", "tests")}
    awaits = await_macros(files.values())
    found = 0
    for path, text in files.items():
        code = without_directives(text)
        for position, what in sorted(set(mistakes(code, awaits))):
            print(f"{path.relative_to(top)}:{line_of(code, position)}: {what}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
