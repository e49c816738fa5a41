#!/usr/bin/env python3
"""The peak memory of afetch over lists of plain URLs on standard input: it does not depend on their number.

usage: bench_input.py [--afetch PROGRAM] [--urls N,N…] [OPTION…]

Prints a line for each length of the list (default: 10,000 and 1,000,000): peak memory, wall time, URLs a second. The URLs
are made as they are read, and served by nginx on loopback; OPTION… is passed to afetch (such as --threads)."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

os.environ["no_proxy"] = "*"

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr emerg;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/1;
    proxy_temp_path {folder}/2;
    fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4;
    scgi_temp_path {folder}/5;
    keepalive_requests 100000000;
    server {{ listen unix:{folder}/socket; location / {{ return 200 "hello"; }} }}
}}
"""


def peak(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        found = re.search(r"VmHWM:\s+(\d+) kB", f.read())
    return int(found[1]) / 1024 if found else 0.0  # none once it has ended


def feed(process, count):
    """The list, made as it is read."""
    with process.stdin as f:
        for i in range(0, count, 1000):
            f.write(b"".join(b"http://localhost/%08d\n" % n for n in range(i, min(i + 1000, count))))


def measure(afetch, socket, count, options):
    command = [afetch, *options, "--unix-socket", socket, "-"]
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    feeder = threading.Thread(target=feed, args=(process, count))
    feeder.start()
    lines, memory = 0, 0.0
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        lines += chunk.count(b"\n")
        memory = max(memory, peak(process.pid)) if lines else memory
    feeder.join()
    errors = process.stderr.read().decode()
    wall = time.monotonic() - begin
    if process.wait() != 0 or lines != count:
        sys.exit(f"{' '.join(command)} ended with {process.returncode} after {lines} lines: {errors[-500:]}")
    return memory, wall


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--afetch", default=os.path.join(TOP, "build/release/afetch"))
    parser.add_argument("--urls", default="10000,1000000")
    args, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write(CONFIG.format(folder=folder))
        server = subprocess.Popen(["nginx", "-c", config, "-p", folder])
        try:
            while not os.path.exists(folder + "/socket"):
                time.sleep(0.01)
            os.chmod(folder + "/socket", 0o666)
            for count in map(int, args.urls.split(",")):
                memory, wall = measure(args.afetch, folder + "/socket", count, options)
                print(f"{count:>9} URLs: {memory:6.1f} MB at most, {wall:7.2f} s, {count / wall:8.0f} URLs/s", flush=True)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
