"""Limits of speed and time: --speed-limit, --limit-rate, --rate, --deadline; what they bound, what they leave alone, and
what SIGUSR1 tells of them."""
import os
import re
import signal
import subprocess
import threading
import time

from harness import (BlackHole, Config, Crowd, Peer, Skip, answering, by_path, environment, failure, line, read_file, response, run, start,
                     temp_dir, wait_until, world)

SLOW = Config.slow


def drip(conn):
    """/COUNT/SIZE/MS: so many pieces of that size, so far apart; then the end, or, with /stop, nothing."""
    while (q := conn.request()) is not None:
        count, size, ms, *stop = [x for x in q.target.split("/") if x]
        total = int(count) * int(size) + (1 if stop else 0)
        conn.send(f"HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n\r\n".encode())
        for _ in range(int(count)):
            conn.send(b"x" * int(size))
            time.sleep(int(ms) / 1000)
        if stop:
            conn.await_end()


# ---- a lowest speed -------------------------------------------------------------------------------------------------------

def test_speed_limit():
    """A server that is silent, one that stops, one that is slow; not one that is slow but not too slow, nor a fast one."""
    def silent(conn):
        if conn.request() is not None:
            conn.await_end()

    with Peer(silent) as s, Peer(drip) as p:
        bad = [s.url("/"), p.url("/1/10/1/stop"), p.url("/40/1/20")]
        good = {p.url("/12/100/40"): 1200, p.url("/1/100000/0"): 100000, p.url("/0/0/0"): 0}
        r = run("-Y", "1k", "-y", "0.25", *bad, *good)
        r.expect(code=28, out=[line(n, u) for u, n in good.items()],
                 err=[failure(u, "timed out: too slow: less than 1024 bytes/sec transferred the last 0.25 seconds") for u in bad])
        # It is tried again like any time-out.
        r = run("-y", "0.1", "--retry", "1", "--retry-delay", "0.01", s.url("/again"))
        r.expect(code=28, err=[failure(s.url("/again"), "timed out: too slow: less than 1 bytes/sec .*")])
        assert [q.target for q in s.requests].count("/again") == 2


def test_speed_limit_does_not_time_connecting():
    """As in curl: that is what --connect-timeout is for."""
    with BlackHole() as hole:
        run("-Y", "1000", "-y", "0.1", "--connect-timeout", "0.4", hole.url()).expect(
            code=28, err=[failure(hole.url(), r"timed out.*\(--connect-timeout\)")])


def test_speed_limit_of_uploads():
    """A server that takes no more; the sending of what is taken slowly but not too slowly goes on."""
    folder = temp_dir()
    with open(folder + "/large", "wb") as f:
        f.write(b"x" * 30000000)

    def takes_nothing(conn):
        conn.request()
        conn.peer.go.wait(20)

    with Peer(takes_nothing) as p:
        p.go = threading.Event()
        r = run("-Y", "1000", "-y", "0.3", "-H", "Expect:", "--data-binary", "@" + folder + "/large", p.url())
        p.go.set()
        r.expect(code=28, err=[failure(p.url(), "timed out: too slow: .*")])


def test_our_own_pauses_are_not_blamed_on_the_server():
    """Neither a reader that takes its time, nor --limit-rate."""
    folder = temp_dir()
    fifo = folder + "/fifo"
    os.mkfifo(fifo)
    with Peer(drip) as p:
        url = p.url("/1/3000000/0")
        f = start("-Y", "1000000", "-y", "0.2", "-o", fifo, url)
        p.await_requests(1)
        with open(fifo, "rb") as reader:
            time.sleep(0.5)
            assert len(reader.read()) == 3000000
        f.wait().expect(out=[line(3000000, url)])
        url = p.url("/1/10000/0")
        r = run("-Y", "1000000", "-y", "0.1", "--limit-rate", "20000", url)
        r.expect(out=[line(10000, url)])


# ---- a rate of all together -----------------------------------------------------------------------------------------------

def between(r, least, most):
    r.check(least <= r.seconds < most + SLOW, f"{least} to {most} s")


def test_limit_rate():
    """It holds for all transfers together, plain ones and over TLS, whatever becomes of the bodies."""
    folder = temp_dir()
    with Peer(drip) as p, Peer(drip, tls=world.tls_context()) as q:
        urls = [p.url(f"/1/{n}/0") for n in (1000, 9000, 20000)] + [q.url("/1/20000/0", host="localhost")]
        r = run("--limit-rate", "100k", "--cacert", world.ca, *urls)
        r.expect(out=[line(int(u.split("/")[4]), u) for u in urls])
        between(r, 0.25, 0.6)
        run("--limit-rate", "100k", "--cacert", world.ca, "-o", folder + "/{n}", *urls).check(
            sorted(len(read_file(folder + "/" + x)) for x in os.listdir(folder)) == [1000, 9000, 20000, 20000], "whole files")
        r = run("--limit-rate", "0", urls[0])
        r.expect(out=[line(1000, urls[0])])


def test_limit_rate_of_one_is_curls():
    """How long one takes, beside curl."""
    with Peer(drip) as p:
        url = p.url("/1/30000/0")
        begin = time.monotonic()
        subprocess.run(["curl", "-s", "-o", "/dev/null", "--limit-rate", "60k", url], env=environment(), check=True)
        theirs = time.monotonic() - begin
        r = run("--limit-rate", "60k", url).expect(out=[line(30000, url)])
        between(r, 0.4, 0.6)
        assert theirs < 2 * SLOW, theirs


def test_limit_rate_of_many():
    """However many wait, it costs no more than the bytes do."""
    with Crowd(body=b"x" * 1000) as p:
        urls = [p.url(f"/{i}") for i in range(300)]
        r = run("-P", "300", "--limit-rate", "600k", *urls).expect(out=[line(1000, u) for u in urls])
        between(r, 0.4, 0.7)
        r.check(r.cpu < 0.4 * SLOW, f"little of the processor, not {r.cpu:.2f} s")


def test_limit_rate_of_uploads():
    """They have a rate of their own, beside what is received; small ones count, too."""
    folder = temp_dir()
    with open(folder + "/large", "wb") as f:
        f.write(b"y" * 20000)
    sizes = []

    def takes(conn):
        while (q := conn.request()) is not None:
            left = length = int(q.get("Content-Length")[0]) - len(conn.buffer)
            conn.buffer = b""
            while left > 0:
                left -= len(conn.sock.recv(min(left, 65536)))
            sizes.append(length)
            conn.send(response(b"ok"))

    with Peer(takes) as p:
        urls = [p.url(f"/{i}") for i in range(3)]
        r = run("--limit-rate", "100k", "--data-binary", "@" + folder + "/large", *urls)
        r.expect(out=[line(2, u) for u in urls])
        between(r, 0.45, 0.8)
        urls = [p.url(f"/{i}") for i in range(30)]
        r = run("--limit-rate", "100k", "-d", "z" * 1000, *urls)
        r.expect(out=[line(2, u) for u in urls])
        between(r, 0.2, 0.5)


def test_limit_rate_holds_nothing_in_memory():
    """What is not let pass stays with the server."""
    def peak(*args):
        f = start(*args)
        p.await_requests(1)
        time.sleep(0.3)
        memory = f.peak_memory()
        f.signal(signal.SIGTERM)
        f.wait()
        del p.requests[:]
        return memory

    if Config.sanitized:
        raise Skip("a sanitizer's memory is its own")
    with Peer(drip) as p:
        one = peak("--limit-rate", "50k", p.url("/100/1000000/0"))
        many = peak("-P", "20", "--limit-rate", "50k", *[p.url(f"/{i}00/1000000/0") for i in range(1, 21)])
        assert many < one + 5000000, (one, many)


# ---- a rate of beginnings -------------------------------------------------------------------------------------------------

class Times:
    """Answers, and notes when it was asked."""

    def __init__(self):
        self.at = []
        self.peer = Peer(answering(lambda q: self.answer(q)))

    def answer(self, request):
        self.at.append(time.monotonic())
        return response(b"hello")

    def gaps(self):
        at, self.at = self.at, []
        return [b - a for a, b in zip(at, at[1:])]

    def __enter__(self):
        return self

    def __exit__(self, *how):
        self.peer.__exit__(*how)


def test_rate():
    """Beginnings are spaced, in parallel, too; as curl spaces them one after another."""
    with Times() as t:
        urls = [t.peer.url(f"/{i}") for i in range(4)]
        subprocess.run(["curl", "-s", "--rate", "20/s", *urls], env=environment(), check=True, stdout=subprocess.DEVNULL)
        theirs = t.gaps()
        began = time.monotonic()
        r = run("--rate", "20/s", *urls).expect(out=[line(5, u) for u in urls])
        # A busy machine may see one late, but none before its time.
        early = [at - began < 0.05 * i for i, at in enumerate(t.at)]
        ours = t.gaps()
        assert len(theirs) == len(ours) == 3 and not any(early), (theirs, ours)
        between(r, 0.15, 0.3)
        run("--rate", "1/2s", "-m", "0.1", urls[0]).expect(out=[line(5, urls[0])])


def test_rate_is_for_beginnings_alone():
    """Redirects and tries of what has begun do not wait for it, nor does the first transfer."""
    tries = {}

    def answer(request):
        n = tries[request.target] = tries.get(request.target, 0) + 1
        if request.target == "/a":
            return response(b"", "Location: /b\r\n", "302 Found")
        return response(b"", status="503 Busy") if n == 1 else response(b"hello")

    with Peer(answering(answer)) as p:
        r = run("--rate", "1/d", "--retry", "2", "--retry-delay", "0.05", p.url("/a"))
        r.expect(out=[line(5, p.url("/a"))])
        assert tries == {"/a": 2, "/b": 2}, tries


def test_rate_does_not_keep_a_place():
    """Whoever waits to begin is in nobody's way: not with -P 1, not where a try of another is due."""
    tries = {}

    def answer(request):
        n = tries[request.target] = tries.get(request.target, 0) + 1
        return response(b"", status="503 Busy") if request.target == "/0" and n < 4 else response(b"hello")

    with Peer(answering(answer)) as p:
        urls = [p.url(f"/{i}") for i in range(3)]
        begin = time.monotonic()
        f = start("-P", "1", "--rate", "1/3s", "--retry", "5", "--retry-delay", "0.05", *urls)
        p.await_requests(4)
        assert time.monotonic() - begin < 2 * SLOW and [q.target for q in p.requests] == ["/0"] * 4
        f.signal(signal.SIGTERM)
        f.wait()


# ---- a deadline -----------------------------------------------------------------------------------------------------------

LATE = r"timed out.*\(--deadline\)"


def test_deadline():
    """What is under way, waits for a place, or for its next try, fails with 28; what is done is not touched."""
    folder = temp_dir()

    def answer(request):
        if request.target == "/busy":
            return response(b"", "Retry-After: 100\r\n", "503 Busy")
        return response(b"hello")

    with Peer(answering(answer)) as p, Peer(drip) as q:
        bad = [q.url("/1/10/0/stop"), p.url("/busy", host="localhost"), q.url("/1/11/0/stop")]
        r = run("--deadline", "0.4", "--retry", "3", "-o", folder + "/{n}", p.url("/1"), *bad)
        r.expect(code=28, out=[line(5, p.url("/1"))], err=[failure(u, LATE) for u in bad])
        between(r, 0.4, 0.5)
        assert os.listdir(folder) == ["1"]
        r = run("-P", "1", "--deadline", "0.3", *[q.url(f"/1/{i}/0/stop") for i in range(1, 50)])
        r.expect(code=28, err=[failure(q.url(f"/1/{i}/0/stop"), LATE) for i in range(1, 50)])
        r = run("--deadline", "20", p.url("/1"), p.url("/2")).expect(out=[line(5, p.url("/1")), line(5, p.url("/2"))])
        between(r, 0, 1)


def test_deadline_among_other_failures():
    with Peer(answering(lambda q: response(b"", status="404 Not Found"))) as p, Peer(drip) as q:
        bad = q.url("/1/10/0/stop")
        run("--deadline", "0.3", p.url("/"), bad).expect(
            code=123, err=[failure(p.url("/"), ".*404.*"), failure(bad, LATE)])


def test_deadline_while_input_is_written():
    """Unread input is not counted; but not all was fetched."""
    with Peer(answering(by_path)) as p:
        f = start("--deadline", "0.4", "-", stdin=subprocess.PIPE)
        f.write((p.url("/5") + "\n").encode())
        f.await_lines(1)
        r = f.wait()
        r.expect(code=28, out=[line(5, p.url("/5"))], err=[r"afetch: warning: the rest of the input is left unread \(--deadline\)"],
                 total=None)
        r.expect_total(5, 1)
        f.close()


def test_deadline_of_a_large_input():
    """What is read ahead fails; the rest is not counted."""
    with Peer(drip) as p:
        lines = "".join(p.url(f"/1/1/0/stop?{i}") + "\n" for i in range(20000)).encode()
        r = run("-s", "-P", "8", "--deadline", "0.3", "-", stdin=lines)
        r.check(r.code == 28 and not r.lines, "28, and nothing fetched")
        between(r, 0.3, 1.5)


def test_deadline_with_what_does_not_move():
    """Neither a reader that does not read holds it up, nor a FIFO that nobody opens."""
    folder = temp_dir()
    os.mkfifo(folder + "/fifo")
    with Peer(answering(by_path)) as p, Peer(drip) as q:
        urls = [p.url(f"/{i % 10}?{'x' * 300}{i}") for i in range(1000)]
        read_end, write_end = os.pipe()
        f = start("--deadline", "1", "-", stdin="\n".join([*urls, q.url("/1/1/0/stop")]), stdout=write_end)
        os.close(write_end)
        r = f.wait()
        r.check(r.code == 23 and any("standard output is not read" in x for x in r.errors), "to be told that lines are lost")
        between(r, 1, 2)
        os.close(read_end)
        for size in (3, 2000000):
            r = run("--deadline", "0.3", "-o", folder + "/fifo", p.url(f"/{size}"))
            r.expect(code=28, err=[failure(p.url(f"/{size}"), LATE)])
            between(r, 0.3, 1.5)


# ---- SIGUSR1 --------------------------------------------------------------------------------------------------------------

def answers(f, pattern):
    """Asks until an answer matches."""
    regex = re.compile(pattern.encode())

    def asked():
        f.signal(signal.SIGUSR1)
        time.sleep(0.02)
        return regex.search(f.data["err"])
    wait_until(f"an answer like {pattern}", asked, 20)


def test_what_is_waited_for():
    folder = temp_dir()
    with open(folder + "/large", "wb") as f:
        f.write(b"x" * 500000)
    with Peer(answering(by_path)) as p, Peer(drip) as q:
        f = start("--rate", "1/h", p.url("/1"), p.url("/2"))
        f.await_lines(1)
        answers(f, r"afetch: 2 \S+/2 held by --rate \d")
        f.signal(signal.SIGTERM)
        f.wait()
        f = start("--limit-rate", "1000", q.url("/1/100000/0"))
        q.await_requests(1)
        answers(f, r"afetch: 1 \S+ held by --limit-rate \d")
        f.signal(signal.SIGTERM)
        f.wait()
        f = start("--limit-rate", "1000", "-H", "Expect:", "--data-binary", "@" + folder + "/large", q.url("/1/1/0"))
        q.await_requests(2)
        answers(f, r"afetch: 1 \S+ held by --limit-rate \d")
        f.signal(signal.SIGTERM)
        f.wait()
