#!/usr/bin/env python3
"""afetch beside curl -Z, in one run against the same servers: CPU, wall time and memory.

usage: bench_peers.py [--afetch PROGRAM] [--server PROGRAM] [--curl PROGRAM] [--rounds N] [CASE…]

Cases (all of them, if none is named): small, waiting, handshake, names, start. Prints a line for each figure: the median
of the rounds of each program, and the ratio afetch/curl of the medians. Needs nginx and openssl; names needs root."""
import argparse
import asyncio
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

os.environ["no_proxy"] = "*"  # everything is here

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


# ---- running and measuring ------------------------------------------------------------------------------------------

class Ran:
    """One run of a program to its end: seconds of wall time and of CPU, and the most memory it held, in bytes."""

    def __init__(self, command, expect=0):
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        self.memory = 0
        done = threading.Event()

        def watch():  # ru_maxrss counts what forked the program, too
            while not done.wait(0.005):
                with contextlib.suppress(OSError, TypeError):
                    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
                        self.memory = int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1]) * 1024

        watcher = threading.Thread(target=watch)
        watcher.start()
        text = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        watcher.join()
        self.cpu = usage.ru_utime + usage.ru_stime
        if process.returncode != expect:
            sys.exit(f"{' '.join(command)[:200]} ended with {process.returncode}: {text.decode()[-500:]}")


def rounds(commands, count):
    """Runs each command in turn, count times over: a list of Ran for each."""
    ran = {name: [] for name in commands}
    for _ in range(count):
        for name, command in commands.items():
            ran[name].append(Ran(command))
    return ran


def median(runs, figure):
    return statistics.median(figure(r) for r in runs)


def tell(what, ran, figure, unit, scale=1.0):
    ours, theirs = (median(ran[name], figure) * scale for name in ("afetch", "curl"))
    ratio = f"{ours / theirs:.2f}" if theirs else "-"
    print(f"{what:<68} afetch {ours:10.3f} {unit:<3} curl {theirs:10.3f} {unit:<3} ratio {ratio}", flush=True)


# ---- servers --------------------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


NGINX = """daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log crit; worker_rlimit_nofile 20000;
events {{ worker_connections 16000; }}
http {{ access_log off; keepalive_requests 10000000; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
  server {{ listen 127.0.0.1:{http} backlog=8192; location / {{ return 200 hello; }} }}
{tls}
}}
"""


NGINX_TLS = """  server {{ listen 127.0.0.1:{port} ssl; ssl_protocols TLSv{version}; ssl_session_tickets {tickets};
    ssl_session_cache off; location / {{ return 200 hello; }} }}"""
TLS_KINDS = [(kind, version) for kind in ("full", "resumed") for version in ("1.2", "1.3")]


class Servers:
    def __init__(self, folder, demo):
        self.folder, self.processes = folder, []
        self.ca = os.path.join(folder, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "3", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key.pem",
                        "-out", self.ca], check=True, capture_output=True)
        self.ports = {name: free_port() for name in ["http", *TLS_KINDS]}
        tls = "\n".join(NGINX_TLS.format(port=self.ports[kind, version], version=version,
                                         tickets="on" if kind == "resumed" else "off") for kind, version in TLS_KINDS)
        with open(folder + "/nginx.conf", "w", encoding="ascii") as f:
            f.write(NGINX.format(dir=folder, http=self.ports["http"], tls=tls))
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") or sys.exit("nginx is not installed")
        self.processes.append(subprocess.Popen([nginx, "-c", folder + "/nginx.conf", "-e", folder + "/error.log"]))
        self.demo_ca = os.path.join(folder, "demo.pem")
        process = subprocess.Popen([demo, "--http", "0", "--https", "0", "--ca-out", self.demo_ca],
                                   stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        self.demo = json.loads(process.stdout.readline())
        for port in self.ports.values():
            self._await(port)

    def _await(self, port):
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.01)
        sys.exit("nginx does not start")

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait()


class SlowDns:
    """A name server that says 127.0.0.1 to every A, and nothing to AAAA, each after delay seconds."""

    def __init__(self, address, delay):
        self.loop, self.delay = asyncio.new_event_loop(), delay
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((address, 53))
        sock.setblocking(False)
        self.sock = sock
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        self.loop.add_reader(self.sock, self._read)
        self.loop.run_forever()

    def _read(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                data, peer = self.sock.recvfrom(2048)
                self.loop.call_later(self.delay, self._send, self._answer(data), peer)

    def _send(self, answer, peer):
        with contextlib.suppress(OSError):
            self.sock.sendto(answer, peer)

    @staticmethod
    def _answer(data):
        end = data.index(0, 12) + 5
        is_a = data[end - 4:end - 2] == b"\0\1"
        answer = struct.pack(">HHHIH", 0xc00c, 1, 1, 60, 4) + bytes((127, 0, 0, 1)) if is_a else b""
        return data[:2] + struct.pack(">HHHHH", 0x8180, 1, int(is_a), 0, 0) + data[12:end] + answer


# ---- the cases ------------------------------------------------------------------------------------------------------

class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        version = subprocess.run([options.curl, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
        # Before that, curl had at most 300 transfers at once, whatever it was told.
        self.curl_max = 300 if [int(n) for n in version.split(".")[:2]] < [8, 16] else 65535
        self.servers = Servers(folder, options.server)

    def lists(self, name, urls):
        """The same URLs as afetch and curl take them: a file each."""
        plain, config = (os.path.join(self.folder, f"{name}.{kind}") for kind in ("txt", "cfg"))
        with open(plain, "w", encoding="ascii") as f:
            f.writelines(u + "\n" for u in urls)
        with open(config, "w", encoding="ascii") as f:
            f.writelines(f'url = "{u}"\noutput = "/dev/null"\n' for u in urls)
        return plain, config

    def commands(self, name, urls, parallel, ca=None, afetch=(), curl=()):
        plain, config = self.lists(name, urls)
        trust = ["--cacert", ca] if ca else []
        return {
            "afetch": [self.options.afetch, "-s", "-P", str(parallel), *trust, *afetch, "--url", "@" + plain],
            "curl": [self.options.curl, "-s", "-Z", "--parallel-immediate", "--parallel-max", str(parallel), *trust, *curl,
                     "-K", config],
        }

    def small(self):
        count = 20000
        url = f"http://127.0.0.1:{self.servers.ports['http']}/"
        ran = rounds(self.commands("small", [url] * count, 64), self.options.rounds)
        tell(f"{count} small requests over 64 kept connections: wall", ran, lambda r: r.wall, "s")
        tell("  CPU, a request", ran, lambda r: r.cpu, "us", 1e6 / count)
        tell("  memory at most", ran, lambda r: r.memory, "MB", 1e-6)

    def waiting(self):
        """Memory of connections that wait: the difference between many and one. All must be there at once."""
        for tls in (False, True):
            ca = self.servers.demo_ca if tls else None
            base = f"{'https' if tls else 'http'}://127.0.0.1:{self.servers.demo['https' if tls else 'http']}/delay/"
            one = rounds(self.commands("one", [base + "200/5"], 1, ca), 3)
            for count in (1000, 8000):
                if tls and count > 1000 and not self.options.long:
                    print("  8000 over TLS: with --long alone (their handshakes take a minute)")
                    continue
                seconds = (count // 1000) * (6 if tls else 1) + 2
                url = f"{base}{seconds * 1000}/5"
                counts = {"afetch": count, "curl": min(count, self.curl_max)}
                many = {name: [Ran(self.commands("many", [url] * n, n, ca, afetch=["--connect-timeout", "300"])[name])]
                        for name, n in counts.items()}
                for name, runs in many.items():
                    runs[0].count = counts[name]
                    runs[0].each = (runs[0].memory - median(one[name], lambda r: r.memory)) / counts[name]
                at_once = f"{count} (curl: {counts['curl']}) " if counts["curl"] < count else f"{count} "
                tell(f"{at_once}{'TLS' if tls else 'plain'} connections that wait: memory each", many, lambda r: r.each, "KB",
                     1e-3)
                tell(f"  wall, of which {seconds} s are the server's", many, lambda r: r.wall, "s")
                tell("  CPU, a connection", many, lambda r: r.cpu / r.count, "us", 1e6)

    def handshake(self):
        count = 300  # connections, four at once, each closed after its answer
        for kind, version in TLS_KINDS:
            url = f"https://127.0.0.1:{self.servers.ports[kind, version]}/"
            full = ["--no-sessionid"] if kind == "full" else []
            ran = rounds(self.commands("handshake", [url] * count, 4, self.servers.ca, afetch=["-H", "Connection: close"],
                                       curl=["-H", "Connection: close", *full]), self.options.rounds)
            tell(f"a {kind} TLS {version} handshake (ECDSA P-256), with its request: CPU", ran, lambda r: r.cpu, "ms",
                 1e3 / count)

    def names(self):
        """In a mount namespace of its own with another /etc/resolv.conf: curl has no option for a server's port."""
        if os.geteuid() != 0:
            print("names: only as root")
            return
        count, delay = 1000, 0.05
        dns = SlowDns("127.0.0.77", delay)
        conf = os.path.join(self.folder, "resolv.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write("nameserver 127.0.0.77\n")
        urls = [f"http://n{i}.bench.test:{self.servers.ports['http']}/" for i in range(count)]
        commands = self.commands("names", urls, count)
        inside = {name: ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', conf, *command]
                  for name, command in commands.items()}
        ran = rounds(inside, self.options.rounds)
        tell(f"{count} names of {delay * 1e3:.0f} ms each: wall", ran, lambda r: r.wall, "s")
        tell("  CPU, a name with its connection and request", ran, lambda r: r.cpu, "us", 1e6 / count)
        dns.loop.call_soon_threadsafe(dns.loop.stop)

    def start(self):
        times = 20
        for kind, url, ca in (("http", f"http://127.0.0.1:{self.servers.ports['http']}/", None),
                              ("https", f"https://127.0.0.1:{self.servers.ports['full', '1.3']}/", self.servers.ca)):
            ran = rounds(self.commands("start", [url], 1, ca), times)
            tell(f"start-up, with one {kind} request: wall", ran, lambda r: r.wall, "ms", 1e3)
            tell("  CPU", ran, lambda r: r.cpu, "ms", 1e3)
        insecure = rounds(self.commands("bundle", [f"https://localhost:{self.servers.demo['https']}/"], 1, afetch=["-k"],
                                        curl=["-k"]), times)
        tell("  https without a trust store (-k): CPU", insecure, lambda r: r.cpu, "ms", 1e3)


def main():
    cases = ("small", "waiting", "handshake", "names", "start")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--afetch", default=TOP + "/build/release/afetch")
    parser.add_argument("--server", default=TOP + "/build/release/afetch-demo-server")
    parser.add_argument("--curl", default="curl")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--long", action="store_true", help="also what takes minutes")
    parser.add_argument("case", nargs="*", choices=[[], *cases])
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(subprocess.run([options.afetch, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[1])
    print(subprocess.run([options.curl, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0])
    folder = tempfile.mkdtemp(prefix="afetch-bench-")
    bench = Bench(options, folder)
    try:
        for case in options.case or cases:
            getattr(bench, case)()
    finally:
        bench.servers.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
