#!/usr/bin/env python3
"""usage: man_library.py [TOP]: man/libafetch.3 tells of lib/afetch.h, all of it and as it is: functions with their
arguments, constants, members of structs; and its example is the one that the tests build and run. Prints each
difference; ends with 1 if there is one."""
import os
import pathlib
import re
import subprocess
import sys

from source import TOKEN


def functions(header):
    return set(re.findall(r"^AFETCH_API [^(]*?\b(afetch_\w+)\(", header, re.M))


def constants(header):
    bodies = re.findall(r"\benum \w+ \{(.*?)\}", header, re.S)
    numbers = re.findall(r"^#define (AFETCH_\w+) \d", header, re.M)
    return {name for body in bodies for name in re.findall(r"\bAFETCH_\w+", body)} | set(numbers)


def members(header):
    """The names that are declared in structs: the last of each declarator, or that of a pointer to a function."""
    found = set()
    for body in re.findall(r"\bstruct \w+ \{(.*?)\n\};", header, re.S):
        for declaration in body.split(";"):
            pointer = re.search(r"\(\*(\w+)\)", declaration)
            if pointer:
                found.add(pointer.group(1))
            else:
                found.update(re.findall(r"(\w+)\s*(?=,|$)", declaration.strip()))
    return found


def prototypes(page):
    """The synopsis as C: a name and its declaration for each."""
    found = []
    for kind, name, rest in re.findall(r'^\.Ft (.*)\n\.Fo (\w+)\n((?:\.Fa .*\n)*)\.Fc$', page, re.M):
        arguments = ", ".join(line[len(".Fa ") :].strip('"') for line in rest.splitlines())
        found.append((name, f"{kind.strip(chr(34))} {name}({arguments});"))
    return found


def macro_words(page, macro):
    """The arguments of a macro, wherever in its line it stands."""
    words = set()
    for line in re.findall(rf"^\.(?:.* )?{macro} (.*)$", page, re.M):
        words.update(re.findall(r"\w+", line))
    return words


def example(page):
    text = re.search(r"^\.Sh EXAMPLES$.*?^\.Bd -literal\n(.*?)^\.Ed$", page, re.M | re.S)
    return re.sub(r"(?m)^\\&", "", text.group(1)).replace("\\e", "\\") if text else None


def compiles(top, source):
    compiler = os.environ.get("CC", "cc")
    command = [compiler, "-std=c11", "-fsyntax-only", "-Werror", f"-I{top}/lib", "-x", "c", "-"]
    result = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    return result.stderr if result.returncode else None


def differences(top):
    header = TOKEN.sub(" ", (top / "lib/afetch.h").read_text(encoding="utf-8"))
    page = (top / "man/libafetch.3").read_text(encoding="utf-8")
    declared = prototypes(page)
    for what, here, there in (
        ("function", functions(header), {name for name, _ in declared}),
        ("constant", constants(header), {w for w in macro_words(page, "Dv") if w.startswith("AFETCH_")}),
    ):
        for name in sorted(here - there):
            yield f"the manual has no {what} {name}"
        for name in sorted(there - here):
            yield f"afetch.h has no {what} {name}"
    for name in sorted(members(header) - macro_words(page, "Va")):
        yield f"the manual has no member {name}"
    body = page.split(".Sh DESCRIPTION", 1)[-1]
    for name in sorted(functions(header) - macro_words(body, "Fn")):
        yield f"the manual declares {name} and does not describe it"
    wrong = compiles(top, '#include "afetch.h"\n' + "\n".join(text for _, text in declared))
    if wrong:
        yield f"the synopsis declares otherwise than afetch.h:\n{wrong}"
    if example(page) != (top / "tests/install/three_urls.c").read_text(encoding="utf-8"):
        yield "the example is not tests/install/three_urls.c"


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "../..").resolve()
    found = 0
    for difference in differences(top):
        print(difference)
        found = 1
    return found


if __name__ == "__main__":
    sys.exit(main())
