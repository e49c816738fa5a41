#!/usr/bin/env python3
"""usage: junit.py NAME FILE: one line for each test that ctest reported in FILE ("ok NAME: test"), the output of those
that failed, and in the end "PASSED FAILED" in numbers. A test that says that it cannot be done here is neither."""
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
        # A program that is not there is "skipped" to ctest as well.
        skipped = case.find("skipped")
        if skipped is not None and skipped.get("message", "").startswith("SKIP_"):
            print(f"skipped {name}: {case.get('name')}: {(case.findtext('system-out') or '').strip()}")
            continue
        failed += 1
        print(f"FAILED {name}: {case.get('name')}")
        print(case.findtext("system-out") or "(no output)")
    print(passed, failed)


if __name__ == "__main__":
    main()
