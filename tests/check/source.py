"""What the checks share: C source without what only looks like code."""
import pathlib
import re

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S
)


def blank(text):
    """The text with comments, strings and characters blanked; every position and line stays where it was."""

    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return TOKEN.sub(spaces, text)


def without_directives(text):
    """Blanked text with preprocessor lines (and what continues them) blanked as well."""
    return re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def closing(text, position):
    """Where the bracket that opens at position closes; the end if it never does."""
    opening = text[position]
    other = {"(": ")", "{": "}", "[": "]"}[opening]
    depth = 0
    for at in range(position, len(text)):
        if text[at] == opening:
            depth += 1
        elif text[at] == other:
            depth -= 1
            if depth == 0:
                return at
    return len(text)


def c_files(top, *folders):
    for folder in folders:
        for path in sorted((pathlib.Path(top) / folder).rglob("*.[ch]")):
            yield path
