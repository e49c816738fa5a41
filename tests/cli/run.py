#!/usr/bin/env python3
"""Runs the end-to-end tests: every function test_* in tests/cli/test_*.py, each in a process of its own.

usage: run.py --afetch PATH --server PATH [--mode sync|threads] [--jobs N] [-k PATTERN] [-v]

Prints each case that failed (what was run, what was expected, what came) and at the end "N passed, N failed"."""
import argparse
import fnmatch
import importlib
import os
import pickle
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402

LIMIT_S = 150  # for one test


def discover(pattern):
    tests = []
    for file in sorted(os.listdir(harness.HERE)):
        if file.startswith("test_") and file.endswith(".py"):
            module = importlib.import_module(file[:-3])
            for name, test in vars(module).items():
                if name.startswith("test_") and callable(test) and test.__module__ == module.__name__:
                    full = f"{file[:-3]}.{name}"
                    if not pattern or pattern in full or fnmatch.fnmatch(full, pattern):
                        tests.append((full, test))
    return tests


def too_long(*_):
    raise TimeoutError(f"the test took over {LIMIT_S * harness.Config.slow} s")


def perform(test):
    """One test, in this process: (how it ended, why)."""
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LIMIT_S * harness.Config.slow)
    try:
        test()
        return "passed", ""
    except harness.Skip as e:
        return "skipped", str(e)
    except harness.Failed as e:
        last = traceback.extract_tb(e.__traceback__)
        place = [f for f in last if os.path.basename(f.filename).startswith("test_")]
        at = f"at:       {os.path.basename(place[-1].filename)}:{place[-1].lineno}\n" if place else ""
        return "failed", at + str(e)
    except BaseException:
        return "failed", traceback.format_exc()
    finally:
        signal.alarm(0)
        harness.end_processes()


class Job:
    def __init__(self, name, test):
        self.name, self.begin = name, time.monotonic()
        self.pipe, give = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            answer = pickle.dumps(perform(test))
            with os.fdopen(give, "wb") as f:
                f.write(answer)
            os._exit(0)
        os.close(give)
        self.data = b""

    def late(self):
        return time.monotonic() - self.begin > LIMIT_S * harness.Config.slow + 30

    def feed(self):
        """True when it has ended."""
        piece = os.read(self.pipe, 1 << 20)
        self.data += piece
        return not piece

    def end(self):
        os.close(self.pipe)
        os.waitpid(self.pid, 0)
        try:
            how, why = pickle.loads(self.data)
        except Exception:
            how, why = "failed", "the test's process died"
        return how, why, time.monotonic() - self.begin


def perform_all(tests, jobs, tell):
    waiting, running = list(tests), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                job = Job(*waiting.pop(0))
                running[job.pipe] = job
            for job in running.values():
                if job.late():
                    os.kill(job.pid, signal.SIGKILL)
            for pipe in select.select(list(running), [], [], 5)[0]:
                if running[pipe].feed():
                    tell(running[pipe].name, *running.pop(pipe).end())
    finally:
        for job in running.values():
            os.kill(job.pid, signal.SIGKILL)
            os.waitpid(job.pid, 0)


def is_sanitized(path):
    try:
        data = harness.read_file(path)
        return b"__asan_init" in data or b"__tsan_init" in data
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--afetch", required=True, help="the program under test")
    parser.add_argument("--server", required=True, help="afetch-demo-server")
    parser.add_argument("--mode", choices=("sync", "threads"), help="run everything so that names no mode itself")
    parser.add_argument("--jobs", type=int, default=2, help="tests at once")
    parser.add_argument("-k", metavar="PATTERN", help="only tests whose name contains this, or matches it")
    parser.add_argument("-v", action="store_true", help="tell each test's name and time")
    options = parser.parse_args()

    config = harness.Config
    config.afetch, config.server = os.path.abspath(options.afetch), os.path.abspath(options.server)
    if not os.access(config.afetch, os.X_OK):
        parser.error(f"{config.afetch}: no such program")
    config.mode = options.mode and "--" + options.mode
    config.sanitized = is_sanitized(config.afetch)
    config.slow = 3 if config.sanitized else 1
    config.folder = tempfile.mkdtemp(prefix="afetch-cli-")
    harness.raise_descriptor_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    counts = {"passed": 0, "failed": 0, "skipped": 0}
    times = []

    def tell(name, how, why, seconds):
        counts[how] += 1
        times.append((seconds, name))
        if how == "failed":
            print(f"FAILED {name} ({seconds:.1f} s)\n    " + why.rstrip().replace("\n", "\n    "))
        elif how == "skipped":
            print(f"skipped {name}: {why}")
        elif options.v:
            print(f"passed {name} ({seconds:.1f} s)")
        sys.stdout.flush()

    try:
        tests = discover(options.k)
        world = harness.WorldBox.it = harness.World()
        try:
            world.start_nginx()
            world.start_python()
            world.start_demo()
            perform_all([t for t in tests if not hasattr(t[1], "alone")], options.jobs, tell)
            perform_all([t for t in tests if hasattr(t[1], "alone")], 1, tell)
        finally:
            world.end()
    finally:
        shutil.rmtree(config.folder, ignore_errors=True)
    if options.v:
        print("slowest: " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in sorted(times)[-8:]))
    if not tests:
        print("no test has that name")
    print(f"{counts['passed']} passed, {counts['failed']} failed" +
          (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return 1 if counts["failed"] or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
