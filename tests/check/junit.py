#!/usr/bin/env python3
"""usage: junit.py NAME FILE: one line for each test that ctest reported in FILE ("ok NAME: test"), the output of those
that failed, and in the end "PASSED FAILED" in numbers."""
import sys
import xml.etree.ElementTree as tree


def main():
    name, path = sys.argv[1:]
    passed = failed = 0
    for case in tree.parse(path).getroot().iter("testcase"):
        if case.get("status") == "run" and case.find("failure") is None:
            passed += 1
            print(f"ok {name}: {case.get('name')} ({float(case.get('time', 0)):.2f} s)")
            continue
        failed += 1
        print(f"FAILED {name}: {case.get('name')}")
        print(case.findtext("system-out") or "(no output)")
    print(passed, failed)


if __name__ == "__main__":
    main()
