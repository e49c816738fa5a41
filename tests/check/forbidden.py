#!/usr/bin/env python3
"""usage: forbidden.py [TOP]: functions that have no place here. Prints each use, and ends with 1 if there is one."""
import pathlib
import re
import sys

from source import blank, c_files, line_of

EVERYWHERE = {
    "strcpy": "memcpy with a known length, or lib/base/buf.h",
    "strcat": "lib/base/buf.h",
    "stpcpy": "memcpy with a known length, or lib/base/buf.h",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "strtok": "memchr or strcspn",
    "atoi": "strtol, and look at its end",
    "atol": "strtol, and look at its end",
    "atoll": "strtoll, and look at its end",
    "gets": "fgets",
    "alloca": "the frame, or malloc",
}
# A library neither ends its caller nor prints. (abort, in base/co.h, is for what cannot happen.)
IN_THE_LIBRARY = {
    "exit": "return an error",
    "_exit": "return an error",
    "printf": "hand it to the caller",
    "puts": "hand it to the caller",
    "perror": "hand it to the caller",
}


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "../..").resolve()
    found = 0
    for path in c_files(top, "lib", "cmd", "tests"):
        name = path.relative_to(top)
        text = blank(path.read_text(encoding="utf-8"))
        rules = {**EVERYWHERE, **(IN_THE_LIBRARY if name.parts[0] == "lib" else {})}
        for m in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(rules), text):
            print(f"{name}:{line_of(text, m.start())}: {m.group(1)}: use {rules[m.group(1)]}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
