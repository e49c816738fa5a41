"""--journal: a run that was killed at any moment goes on where it was; --failed: what failed is the next run's input."""
import hashlib
import json
import os
import random
import signal
import stat
import threading

from harness import (Peer, answering, failure, line, read_file, response, run, start, temp_dir, write_file)


def answer(q):
    """/N: a body of N bytes; /fail: 404."""
    if q.target.startswith("/fail"):
        return response(b"no", status="404 Not Found")
    return response(b"x" * int(q.target[1:].split("?")[0] or 0),
                    f'ETag: "{q.target}"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n')


def records(path):
    return [json.loads(x) for x in read_file(path).decode().splitlines()]


def skipped(result, n, urls, code=0):
    return result.check(result.code == code and int(result.total[2]) == urls and int(result.total[5] or 0) == n,
                        f"{n} of {urls} skipped, exit status {code}")


def test_a_second_run():
    with Peer(answering(answer)) as p:
        for mode in ([], ["--sync"], ["--threads"]):
            folder = temp_dir()
            urls = [p.url(f"/{i}") for i in range(5)]
            args = [*mode, "--journal", "j", "-O"]
            run(*args, *urls, cwd=folder).expect(out=[line(i, u) for i, u in enumerate(urls)],
                                                 ordered="--sync" in mode)
            got = {r["url"]: r for r in records(folder + "/j")}
            assert set(got) == set(urls) and len(read_file(folder + "/j").splitlines()) == 5
            r = got[urls[3]]
            assert (r["size_delivered"], r["response_code"], r["etag"]) == (3, 200, '"/3"'), r
            assert r["last_modified"].startswith("Sun") and r["key"] and r["sum"]
            before = len(p.requests)
            skipped(run(*args, *reversed(urls), cwd=folder), 5, 5)
            assert len(p.requests) == before
            more = p.url("/9")
            r = skipped(run(*args, urls[0], more, "--jsonl", cwd=folder), 1, 2)
            told = {x["url"]: x["skipped"] for x in map(json.loads, r.lines)}
            assert told == {urls[0]: True, more: False}
            assert len(p.requests) == before + 1
            r = run(*args, "--dry-run", *urls, p.url("/7"), cwd=folder)
            assert r.lines == [f"6 {p.url('/7')} -> 7"], r.lines


def test_what_is_the_same():
    """Method, URL, what the line itself says, where it goes, and which of those alike: its place does not matter."""
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        u = p.url("/4")

        def fetched(text, *args, code=0):
            before = len(p.requests)
            r = run("--journal", folder + "/j", *args, "-", stdin=text, cwd=folder)
            r.check(r.code == code, f"status {code}")
            return len(p.requests) - before

        assert fetched(f"{u}\n") == 1 and fetched(f"{u}\n") == 0
        assert fetched(f"# x\n\n{p.url('/1')}\n{u}\n{u}\n") == 2
        assert fetched(f"{u}\n{u}\n{u}\n") == 1
        assert fetched(f"{u}\n", "--repeat", "5") == 2
        assert fetched(f"{u}\tout=a") == 1 and fetched(f"{u}\tout=a") == 0 and fetched(f"{u}\tout=b") == 1
        assert fetched(f"{u}\n", "-o", "c") == 1 and fetched(f"{u}\n", "-o", "d") == 1
        assert fetched(f"{u}\n", "-o", "c") == 0
        for more in ({"method": "PUT"}, {"body": "a"}, {"body": "b"}, {"headers": {"A": "1"}}, {"headers": {"A": "2"}}):
            text = json.dumps({"url": u, **more})
            assert (fetched(text), fetched(text)) == (1, 0), more
        assert fetched(json.dumps({"url": u, "id": 5})) == 0
        secret = u.replace("//", "//user:hunter2@")
        assert fetched(secret + "?a") == 1 and fetched(secret + "?a") == 0
        assert b"hunter2" not in read_file(folder + "/j")


def test_failures_are_not_recorded():
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        bad, good = p.url("/fail"), p.url("/1")
        args = ["--journal", folder + "/j", "--failed", folder + "/f"]
        run(*args, bad, good).expect(code=22, out=[line(1, good)], err=[failure(bad)])
        assert [r["url"] for r in records(folder + "/j")] == [good]
        assert read_file(folder + "/f").decode() == bad + "\n"
        r = run(*args, "--fail-with-body", "-o", "x", bad, cwd=folder)
        r.check(r.code == 22 and len(records(folder + "/j")) == 1, "none of a failure that is kept")


def test_a_record_precedes_its_line():
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        for i, args in enumerate(([], ["--sync-files", "-o", "{n}"], ["--sync", "-o", "{n}"])):
            journal = f"{folder}/j{i}"
            f = start(*args, "--journal", journal, "-", stdin="open", cwd=folder)
            for i in range(1, 4):
                f.write(p.url(f"/{i}") + "\n")
                f.await_output(f"/{i}\n")
                assert [r["url"] for r in records(journal)] == [p.url(f"/{k}") for k in range(1, i + 1)]
            f.close()
            f.wait()


def test_torn_records():
    """Cut anywhere, the last record does not count, and is written over; so is what a disk left of it."""
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        urls = [p.url("/1"), p.url("/2")]
        path = folder + "/j"
        run("--sync", "--journal", path, *urls)
        whole = read_file(path)
        first = whole.index(b"\n") + 1
        cuts = [whole[:at] for at in range(first, len(whole), 11)] + [whole[:-1], whole[:first] + b"\0" * 50]
        for data in cuts:
            write_file(path, data)
            before = len(p.requests)
            skipped(run("--sync", "--journal", path, *urls), 1, 2)
            assert p.requests[before:][0].target == "/2" and len(p.requests) == before + 1
            assert read_file(path) == whole, data
        for data in (b"", whole[:5], b"\0\0", whole[:first - 1]):
            write_file(path, data)
            skipped(run("--sync", "--journal", path, *urls), 0, 2)
            assert read_file(path) == whole, data
        # One that is damaged in the middle does not count either, and is told.
        write_file(path, whole.replace(b'/1"', b'/7"', 1))
        r = skipped(run("--sync", "--journal", path, *urls), 1, 2)
        r.check("1 records are damaged" in r.stderr[0], "a warning")
        assert len(records(path)) == 3


def test_what_is_no_journal():
    """It is left alone."""
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        for name, data in (("text", b"a list\nof lines\n"), ("half", b"no line end"), ("json", b'{"a":1}\n')):
            write_file(folder + "/" + name, data)
            r = run("--journal", name, p.url("/1"), cwd=folder)
            r.check(r.code == 23 and "it is no journal" in r.err.decode(), "23, and why")
            assert read_file(folder + "/" + name) == data
        os.mkfifo(folder + "/fifo")
        for name, why in (("fifo", "it is no regular file|No such device"), ("no/such", "No such file"), (".", "Is a directory")):
            r = run("--journal", name, p.url("/1"), cwd=folder)
            r.check(r.code == 23 and any(w in r.err.decode() for w in why.split("|")), "23, and why")
        assert not p.requests
        f = start("--journal", "j", "-", stdin="open", cwd=folder)
        f.write(p.url("/1") + "\n")
        f.await_output("/1\n")
        r = run("--journal", "j", p.url("/1"), cwd=folder)
        r.check(r.code == 23 and "another run writes to it" in r.err.decode(), "23, and why")
        f.close()
        f.wait()


class Fuse:
    """Tells when so many requests have come."""

    def __init__(self):
        self.lock, self.burnt, self.seen, self.left = threading.Lock(), threading.Event(), [], 0

    def set(self, n):
        with self.lock:
            self.seen, self.left = [], n
            self.burnt.clear()

    def serve(self, conn):
        while (q := conn.request()) is not None:
            with self.lock:
                self.seen.append(q.target[1:])
                self.left -= 1
                if self.left == 0:
                    self.burnt.set()
            try:
                conn.send(answer(q))
            except OSError:
                return


def killed_until_done(p, fuse, rng, mode):
    """How often it was killed."""
    folder = temp_dir()
    names = [str(1000 + 977 * i) for i in range(30)]
    text = "".join(p.url("/" + n) + "\n" for n in names)
    done, kills = set(), 0
    for _ in range(300):
        fuse.set(rng.randrange(1, 24))
        f = start(*mode, "-P", "6", "--journal", "j", "-o", "{name}", "-", stdin=text, cwd=folder)
        while not fuse.burnt.wait(0.01) and f.open:
            pass
        if f.open:
            os.kill(f.process.pid, signal.SIGKILL)
        r = f.wait()
        kills += r.code == 128 + signal.SIGKILL
        with fuse.lock:
            again = done & set(fuse.seen)
        assert not again, f"fetched though recorded: {again}"
        rows = read_file(folder + "/j").split(b"\n")[:-1] if os.path.exists(folder + "/j") else []
        done.update(json.loads(row)["url"].rsplit("/", 1)[1] for row in rows)
        for n in done:
            assert os.path.getsize(f"{folder}/{n}") == int(n), n
        if r.code == 0:
            break
    assert done == set(names) and r.code == 0, len(done)
    return kills


def test_killed_at_any_moment():
    """Killed when so many requests have come, and again, until all is there: nothing that was recorded is fetched again,
    what was recorded is there, whole, and nothing is missed."""
    rng = random.Random(4711)
    fuse = Fuse()
    with Peer(fuse.serve) as p:
        kills = sum(killed_until_done(p, fuse, rng, mode) for mode in ([], ["--sync"], ["--threads"]) for _ in range(4))
    assert kills > 10, kills


def test_failed_inputs():
    """As they stood, for the owner alone; the file may be the input, and is empty when nothing failed."""
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        path = folder + "/f"
        digest = hashlib.sha256(b"x").hexdigest()
        rows = [p.url("/fail?1") + "\tout=a", json.dumps({"url": p.url("/fail?2"), "id": "ü"}), "\x01bad", "{",
                p.url("/2") + "\tsha256=" + digest, p.url("/fail").replace("//", "//me:pw@")]
        text = "# comment\n" + p.url("/1") + "\n" + "\r\n  ".join(rows) + "\n" + p.url("/3")
        r = run("--failed", path, "-", stdin=text, cwd=folder)
        r.check(r.code == 123 and len(r.lines) == 2, "two successes")
        assert sorted(read_file(path).decode().splitlines()) == sorted(rows), read_file(path)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        r = run("--failed", path, "--url", "@" + path, cwd=folder)
        assert sorted(read_file(path).decode().splitlines()) == sorted(rows)
        run("--failed", path, p.url("/1"), cwd=folder).expect(out=[line(1, p.url("/1"))])
        assert read_file(path) == b"" and os.listdir(folder) == ["f"]
        r = run("--failed", path, p.url("/{fail,1,fail2}"), cwd=folder)
        assert sorted(read_file(path).decode().splitlines()) == [p.url("/fail"), p.url("/fail2")]
        r = run("--failed", folder + "/no/such", p.url("/1"), cwd=folder)
        r.check(r.code == 23 and not r.lines and "--failed: " in r.err.decode(), "a failure of the run")


def test_failed_inputs_of_a_run_that_was_stopped():
    with Peer(lambda conn: conn.request() and conn.await_end()) as p:
        folder = temp_dir()
        f = start("--failed", "f", p.url("/a"), cwd=folder)
        with p.lock:
            p.lock.wait_for(lambda: p.requests, 20)
        os.kill(f.process.pid, signal.SIGINT)
        r = f.wait()
        assert r.code == 130 and read_file(folder + "/f").decode() == p.url("/a") + "\n"
