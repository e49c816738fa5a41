"""-C: transfers that were interrupted go on, by the server's word that it has the same still; two versions are never put
together, and a file's name shows whole files alone."""
import email.utils
import os
import signal
import stat
import subprocess
import threading
import time

from harness import (Peer, answering, environment, failure, line, read_file, response, run, run_shell, start, temp_dir,
                     wait_until, world, write_file)

OLD = 1_000_000_000  # seconds since the epoch
SIZE = 400_000


def data(letter, size=SIZE):
    return (letter.encode() * 3 + b"0123456789abc")[:16] * (size // 16)


def http_date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


class Store:
    """A server of one body: with ranges, with what validators it is told to have; its copy may change. cut: a response
    breaks off after so many bytes; hold: and then says nothing until it is set."""

    def __init__(self, letter="a", etag='"1"', modified=OLD, ranges=True, size=SIZE):
        self.etag, self.modified, self.ranges = etag, modified, ranges
        self.body = data(letter, size)
        self.cut = self.hold = None
        self.sent = threading.Event()

    def change(self, letter, etag, modified=OLD + 100, size=SIZE):
        self.body, self.etag, self.modified = data(letter, size), etag, modified

    def head(self, status, length, more=""):
        text = f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nDate: {http_date(time.time())}\r\n{more}"
        if self.etag:
            text += f"ETag: {self.etag}\r\n"
        if self.modified:
            text += f"Last-Modified: {http_date(self.modified)}\r\n"
        return (text + "\r\n").encode()

    def matches(self, request):
        said = request.get("If-Range")
        return not said or said[0] in (self.etag, self.modified and http_date(self.modified))

    def answer(self, request):
        asked, size = request.get("Range"), len(self.body)
        if not (asked and self.ranges and self.matches(request)):
            return self.head("200 OK", size) + self.body
        first = int(asked[0].removeprefix("bytes=").rstrip("-"))
        if first >= size:
            return self.head("416 No", 2, f"Content-Range: bytes */{size}\r\n") + b"no"
        return self.head("206 Part", size - first, f"Content-Range: bytes {first}-{size - 1}/{size}\r\n") + self.body[first:]

    def __call__(self, conn):
        while True:
            request = conn.request()
            if request is None:
                return
            reply = self.answer(request)
            head = reply.index(b"\r\n\r\n") + 4
            if self.cut is None or len(reply) <= head + self.cut:
                conn.send(reply)
                continue
            cut, self.cut = self.cut, None
            conn.send(reply[:head + cut])
            self.sent.set()
            if self.hold:
                self.hold.wait(30)
            return


class Place:
    """A folder with one file to be."""

    def __init__(self, before=None, seconds=None):
        self.folder = temp_dir()
        self.path = os.path.join(self.folder, "f")
        self.part = os.path.join(self.folder, ".f.afetch-part")
        self.info = self.part + "-info"
        if before is not None:
            write_file(self.path, before)
        if seconds is not None:
            os.utime(self.path, (seconds, seconds))

    def files(self):
        return sorted(os.listdir(self.folder))

    def args(self, url, *more):
        return ["-C", "-", "-o", self.path, *more, url]

    def ends_whole(self, body):
        assert self.files() == ["f"], self.files()
        assert read_file(self.path) == body, "the file is another"


def ranges(peer):
    return [(q.get("Range"), q.get("If-Range")) for q in peer.requests]


LEFT = [".f.afetch-part", ".f.afetch-part-info"]


# ---- what was interrupted -------------------------------------------------------------------------------------------

def test_goes_on_after_a_failure():
    """By a strong ETag, by a Last-Modified; and by nothing, if the server has neither: then it begins anew."""
    for etag, modified, validator in (('"1"', OLD, '"1"'), ('"1"', None, '"1"'), (None, OLD, http_date(OLD))):
        for cut in (1, 4000, 300_000):
            store, place = Store(etag=etag, modified=modified), Place()
            with Peer(store) as p:
                store.cut = cut
                run(*place.args(p.url("/x"))).expect(code=18, err=[failure(p.url("/x"))])
                assert place.files() == LEFT and read_file(place.part) == store.body[:cut], place.files()
                run(*place.args(p.url("/x"))).expect(out=[line(SIZE - cut, p.url("/x"))])
                assert ranges(p) == [([], []), ([f"bytes={cut}-"], [validator])], ranges(p)
                place.ends_whole(store.body)


def test_weak_validators():
    """What is no strong validator is not sent; without another word of the server's the part is void."""
    for etag, modified, requests in (('W/"1"', None, 3), (None, None, 3), ('W/"1"', OLD, 2), (None, "now", 3)):
        store, place = Store(etag=etag, modified=int(time.time()) + 5 if modified == "now" else modified), Place()
        with Peer(store) as p:
            store.cut = 5000
            run(*place.args(p.url("/x"))).expect(code=18, err=[failure(p.url("/x"))])
            r = run(*place.args(p.url("/x")))
            assert ranges(p)[1] == (["bytes=5000-"], []), ranges(p)
            assert len(p.requests) == requests, (etag, modified, len(p.requests))
            r.expect(out=[line(SIZE if requests == 3 else SIZE - 5000, p.url("/x"))])
            place.ends_whole(store.body)


def test_goes_on_again_and_again():
    store, place = Store(), Place()
    with Peer(store) as p:
        at = 0
        for cut in (70_000, 1, 200_000, 5):
            store.cut = cut
            run(*place.args(p.url("/x"))).expect(code=18, err=[failure(p.url("/x"))])
            at += cut
            assert read_file(place.part) == store.body[:at]
        run(*place.args(p.url("/x"))).expect(out=[line(SIZE - at, p.url("/x"))])
        place.ends_whole(store.body)


def test_interrupted():
    """By SIGINT and SIGTERM, before and after the part was opened: what came is kept."""
    for number in (signal.SIGINT, signal.SIGTERM):
        for cut in (3000, 300_000):
            store, place = Store(), Place()
            store.cut, store.hold = cut, threading.Event()
            with Peer(store) as p:
                f = start("-v", *place.args(p.url("/x")))
                store.sent.wait(20)
                f.await_output("< Last-Modified", "err")
                if cut > 100_000:
                    wait_until("the part to grow", lambda: os.path.exists(place.part) and os.path.getsize(place.part) > 65536)
                f.signal(number)
                r = f.wait()
                r.check(r.code == 128 + number, f"status {128 + number}")
                store.hold.set()
                left = read_file(place.part) if os.path.exists(place.part) else b""
                assert store.body.startswith(left) and (left or cut < 100_000), len(left)
                run(*place.args(p.url("/x"))).expect(out=[line(SIZE - len(left), p.url("/x"))])
                place.ends_whole(store.body)


def killed(store, place, p, cut, wanted):
    """Kills a run with SIGKILL once its part has so many bytes."""
    store.cut, store.hold = cut, threading.Event()
    f = start(*place.args(p.url("/x")))
    wait_until("the part to grow", lambda: os.path.exists(place.part) and os.path.getsize(place.part) >= wanted)
    f.signal(signal.SIGKILL)
    f.wait()
    store.hold.set()


def test_killed():
    """In a first run, and in one that goes on: then the next goes on from what is there, or begins anew if the server's
    copy has changed."""
    for changes in (False, True):
        store, place = Store(), Place()
        with Peer(store) as p:
            killed(store, place, p, 200_000, 100_000)
            assert place.files() == LEFT, place.files()
            at = os.path.getsize(place.part)
            killed(store, place, p, 190_000, at + 70_000)
            assert place.files() == LEFT and ranges(p)[1] == ([f"bytes={at}-"], ['"1"'])
            at = os.path.getsize(place.part)
            assert read_file(place.part) == store.body[:at]
            if changes:
                store.change("b", '"2"')
            run(*place.args(p.url("/x"))).expect(out=[line(SIZE if changes else SIZE - at, p.url("/x"))])
            place.ends_whole(store.body)


def test_killed_as_it_begins_anew():
    """The part is of the new version then, and so is what is written beside it."""
    store, place = Store(), Place()
    with Peer(store) as p:
        killed(store, place, p, 300_000, 200_000)
        store.change("b", '"2"')
        store.sent.clear()
        store.cut, store.hold = 150_000, threading.Event()
        f = start(*place.args(p.url("/x")))
        wait_until("the part to begin anew", lambda: os.path.exists(place.part) and 65536 <= os.path.getsize(place.part) < 200_000)
        f.signal(signal.SIGKILL)
        f.wait()
        store.hold.set()
        at = os.path.getsize(place.part)
        assert read_file(place.part) == store.body[:at]
        run(*place.args(p.url("/x"))).expect(out=[line(SIZE - at, p.url("/x"))])
        assert ranges(p)[-1] == ([f"bytes={at}-"], ['"2"'])
        place.ends_whole(store.body)


def test_a_part_that_is_not_to_be_trusted():
    """Torn or missing words about it, another URL's, another size than it can have, a link: it begins anew."""
    def tear(place):
        info = read_file(place.info)
        write_file(place.info, info[:-9])

    def alter(place):
        write_file(place.info, read_file(place.info).replace(b'"1"', b'"2"'))

    def empty(place):
        write_file(place.info, b"")

    def mix(place):
        write_file(place.info, read_file(place.info) * 2)

    def lose(place):
        os.unlink(place.info)

    def lengthen(place):
        with open(place.part, "ab") as f:
            f.write(b"x" * SIZE)

    def link(place):
        os.link(place.part, os.path.join(place.folder, "g"))

    def symbolic(place):
        os.rename(place.part, os.path.join(place.folder, "g"))
        os.symlink("g", place.part)

    for harm in (tear, alter, empty, mix, lose, lengthen, link, symbolic):
        store, place = Store(), Place()
        with Peer(store) as p:
            store.cut = 100_000
            run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
            harm(place)
            run(*place.args(p.url("/x"))).expect(out=[line(SIZE, p.url("/x"))])
            assert ranges(p)[1] == ([], []), (harm.__name__, ranges(p))
            assert read_file(place.path) == store.body
            if harm in (link, symbolic):
                assert read_file(os.path.join(place.folder, "g")) == store.body[:100_000]
    store, place = Store(), Place()
    with Peer(store) as p:
        store.cut = 100_000
        run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
        run(*place.args(p.url("/y"))).expect(out=[line(SIZE, p.url("/y"))])
        assert ranges(p)[1] == ([], []), ranges(p)


def test_nothing_is_left_without_it():
    store, place = Store(), Place()
    store.cut = 300_000
    with Peer(store) as p:
        run("-o", place.path, p.url("/x")).expect(code=18, err=[failure(p.url("/x"))])
        assert place.files() == []


# ---- two versions ---------------------------------------------------------------------------------------------------

def test_changes_in_between():
    """Between two runs, and between two tries of one; whatever the server has for validators, and of either size."""
    for etags in (('"1"', '"2"'), (None, None), ('W/"1"', 'W/"2"')):
        for size in (SIZE, SIZE - 64_000, SIZE * 2):
            store, place = Store(etag=etags[0]), Place()
            with Peer(store) as p:
                store.cut = 100_000
                run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
                store.change("b", etags[1], int(time.time()), size)
                run(*place.args(p.url("/x"))).expect(out=[line(size, p.url("/x"))])
                place.ends_whole(store.body)

    class Changing(Store):
        def answer(self, request):
            self.asked = getattr(self, "asked", 0) + 1
            if self.asked == 2:
                self.cut = 50_000
            if self.asked == 3:
                self.change("b", '"2"')
            return super().answer(request)

    store, place = Changing(), Place()
    store.cut = 100_000
    with Peer(store) as p:
        run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
        run(*place.args(p.url("/x"), "--retry", "3", "--retry-delay", "0.02", "--retry-all-errors")).expect(
            out=[line(SIZE, p.url("/x"))])
        assert [r[0] for r in ranges(p)] == [[], ["bytes=100000-"], ["bytes=150000-"]], ranges(p)
        place.ends_whole(data("b"))


def test_a_server_that_does_not_heed_if_range():
    """It goes on with another version: what it says of itself tells."""
    class Careless(Store):
        def matches(self, request):
            return True

    for etag, modified in (('"2"', OLD), (None, OLD + 5)):
        store, place = Careless(etag='"1"' if etag else None), Place()
        with Peer(store) as p:
            store.cut = 100_000
            run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
            store.change("b", etag, modified)
            run(*place.args(p.url("/x"))).expect(out=[line(SIZE, p.url("/x"))])
            place.ends_whole(store.body)
    # Of another size, it is another.
    store, place = Careless(), Place()
    with Peer(store) as p:
        store.cut = 100_000
        run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
        store.change("b", '"1"', OLD, SIZE * 2)
        run(*place.args(p.url("/x"))).expect(out=[line(SIZE * 2, p.url("/x"))])
        place.ends_whole(store.body)


# ---- a file that is there -------------------------------------------------------------------------------------------

def test_a_file_that_is_there():
    """Its beginning is taken for the body's where the server's copy is older; where it is not, or nobody can tell, all of
    it is fetched anew."""
    now = int(time.time())
    for modified, size, requests in ((OLD, 100_000, 1), (now + 100, 100_000, 2), (None, 100_000, 2), (OLD, SIZE * 2, 2),
                                     (OLD, 0, 1)):
        store, place = Store(modified=modified), Place(data("a", SIZE * 2)[:size])
        with Peer(store) as p:
            new = size if requests == 1 else 0
            run(*place.args(p.url("/x"))).expect(out=[line(SIZE - new, p.url("/x"))])
            assert len(p.requests) == requests, (modified, size, len(p.requests))
            assert ranges(p)[0] == (([f"bytes={size}-"], []) if size else ([], [])), ranges(p)
            place.ends_whole(store.body)


def test_names_and_times_of_the_server():
    """-O and -R: the file is looked for under the URL's name; a resumed one has the server's time."""
    for name in (["-O"], ["--remote-name-all"]):
        store, place = Store(), Place(data("a")[:100_000])
        with Peer(store) as p:
            for cut in (50_000, None):
                store.cut = cut
                run("-C", "-", *name, "-R", "--output-dir", place.folder, "-s", p.url("/f"))
            assert [r[0] for r in ranges(p)] == [["bytes=100000-"], ["bytes=150000-"]], ranges(p)
            place.ends_whole(store.body)
            assert int(os.stat(place.path).st_mtime) == OLD


def test_a_file_that_is_whole():
    """A success, and nothing is done to it: by a 416 for its very size, or a 200 of a server that knows no ranges."""
    for knows in (True, False):
        store, place = Store(ranges=knows), Place(data("a"))
        before = os.stat(place.path)
        with Peer(store) as p:
            run(*place.args(p.url("/x"))).expect(out=[line(0, p.url("/x"))])
            assert len(p.requests) == 1
        after = os.stat(place.path)
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
        place.ends_whole(store.body)
    # A part that is: killed before it got its name.
    store, place = Store(), Place()
    with Peer(store) as p:
        store.cut = 300_000
        run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
        with open(place.part, "ab") as f:
            f.write(store.body[300_000:])
        run(*place.args(p.url("/x"))).expect(out=[line(0, p.url("/x"))])
        assert ranges(p)[1] == ([f"bytes={SIZE}-"], ['"1"'])
        place.ends_whole(store.body)


def test_names_show_whole_files_alone():
    """A file's beginning is its part while it is gone on with, and keeps mode; an old version stays until the new one
    is whole."""
    store, place = Store(), Place(data("a")[:100_000])
    os.chmod(place.path, 0o640)
    store.cut, store.hold = 200_000, threading.Event()
    with Peer(store) as p:
        f = start(*place.args(p.url("/x")))
        wait_until("the part to grow", lambda: os.path.exists(place.part) and os.path.getsize(place.part) > 200_000)
        assert place.files() == LEFT, place.files()
        store.hold.set()
        f.wait().check(place.files() == LEFT and read_file(place.part) == store.body[:300_000], "the part is left")
        run(*place.args(p.url("/x"))).expect(out=[line(100_000, p.url("/x"))])
        assert ranges(p)[1] == (["bytes=300000-"], ['"1"'])
        place.ends_whole(store.body)
        assert stat.S_IMODE(os.stat(place.path).st_mode) == 0o640
        store.change("b", '"2"', int(time.time()) + 10)
        store.cut = 250_000
        run(*place.args(p.url("/x")), "-s").check(place.files() == [*LEFT, "f"], "a part beside the old version")
        assert read_file(place.path) == data("a") and read_file(place.part) == data("b")[:250_000]
        run(*place.args(p.url("/x"))).expect(out=[line(150_000, p.url("/x"))])
        place.ends_whole(data("b"))


def test_a_file_with_another_name_is_not_touched():
    store, place = Store(), Place(data("a")[:100_000])
    other = os.path.join(place.folder, "other")
    os.link(place.path, other)
    with Peer(store) as p:
        run(*place.args(p.url("/x"))).expect(out=[line(300_000, p.url("/x"))])
    assert read_file(place.path) == store.body and read_file(other) == data("a")[:100_000]
    assert place.files() == ["f", "other"]


def test_the_one_written_last():
    """A file that appeared beside a part is gone on with if it is the newer of the two."""
    for newer, at in (("file", 200_000), ("part", 100_000)):
        store, place = Store(), Place()
        with Peer(store) as p:
            store.cut = 100_000
            run(*place.args(p.url("/x"))).check(os.path.exists(place.part), "a part")
            write_file(place.path, data("a")[:200_000])
            os.utime(place.part, (OLD + 5, OLD + 5))
            os.utime(place.path, (OLD + 10, OLD + 10) if newer == "file" else (OLD + 1, OLD + 1))
            run(*place.args(p.url("/x"))).expect(out=[line(SIZE - at, p.url("/x"))])
            assert ranges(p)[1][0] == [f"bytes={at}-"], ranges(p)
            place.ends_whole(store.body)


def test_a_part_in_use():
    store, place = Store(), Place()
    store.cut, store.hold = 300_000, threading.Event()
    with Peer(store) as p:
        f = start(*place.args(p.url("/x")))
        wait_until("the part to grow", lambda: os.path.exists(place.part) and os.path.getsize(place.part) > 65536)
        r = run(*place.args(p.url("/x")))
        r.expect(code=23, err=[failure(p.url("/x"), ".*another transfer works at what is there of it")])
        store.hold.set()
        f.wait().check(read_file(place.part) == store.body[:300_000], "the first goes on undisturbed")


def test_many():
    """Several URLs, with a template: each has its own."""
    folder = temp_dir()
    bodies = {f"/{i}": data(chr(97 + i), 100_000 + 16 * i) for i in range(20)}

    def serve(conn):
        while (q := conn.request()) is not None:
            store = Store()
            store.body = bodies[q.target]
            reply = store.answer(q)
            if not q.get("Range"):
                conn.send(reply[:reply.index(b"\r\n\r\n") + 4 + 1000 * (int(q.target[1:]) + 1)])
                return
            conn.send(reply)

    with Peer(serve) as p:
        args = ["-C", "-", "-s", "-P", "3", "-o", os.path.join(folder, "#1"), p.url("/[0-19]")]
        r = run(*args)
        r.check(r.code == 18 and len(os.listdir(folder)) == 40, "20 parts")
        run(*args).expect(out=[line(99_000 - 984 * i, p.url(f"/{i}")) for i in range(20)], total=False)
        assert sorted(os.listdir(folder)) == sorted(str(i) for i in range(20))
        for i in range(20):
            assert read_file(os.path.join(folder, str(i))) == bodies[f"/{i}"]


def test_a_full_disk():
    """What was written stays, too: a limit of the file's size stands for it."""
    store, place = Store(), Place()
    with Peer(store) as p:
        r = run_shell('ulimit -f 200; exec "$@"', *place.args(p.url("/x")))
        r.expect(code=23, err=[failure(p.url("/x"), "could not write.*")])
        left = os.path.getsize(place.part)
        assert place.files() == LEFT and 0 < left < SIZE and read_file(place.part) == store.body[:left], left
        run(*place.args(p.url("/x"))).expect(out=[line(SIZE - left, p.url("/x"))])
        place.ends_whole(store.body)


def test_what_is_no_regular_file():
    """There is nothing of it to go on with, and nothing is left of it."""
    with Peer(Store()) as p:
        run("-C", "-", "-o", "/dev/null", p.url("/x")).expect(out=[line(SIZE, p.url("/x"))])
        run("-C", "5", "-o", "/dev/null", p.url("/x")).expect(out=[line(SIZE - 5, p.url("/x"))])
        assert ranges(p) == [([], []), (["bytes=5-"], [])]
        run("-C", "-", p.url("/x")).expect(out=[line(SIZE, p.url("/x"))], err=["afetch: warning: -C - without -o.*"], total=None)


def test_coded_bodies():
    """What is decoded cannot be gone on with: nothing is left of it; and nothing coded is asked for to go on."""
    place = Place()

    def answer(q):
        return response(b"x" * 100, "Content-Encoding: gzip\r\nETag: \"1\"\r\n").replace(b": 100", b": 200")

    with Peer(lambda conn: conn.request() and conn.send(answer(None))) as p:
        r = run(*place.args(p.url("/x"), "--compressed"))
        r.check(r.code in (18, 61) and place.files() == [], "nothing is left")
    store, place = Store(), Place()
    with Peer(store) as p:
        store.cut = 5000
        run(*place.args(p.url("/x"), "--compressed")).expect(code=18, err=[failure(p.url("/x"))])
        run(*place.args(p.url("/x"), "--compressed")).expect(out=[line(SIZE - 5000, p.url("/x"))])
        assert [bool(q.get("Accept-Encoding")) for q in p.requests] == [True, False]


# ---- odd answers ----------------------------------------------------------------------------------------------------

def always(reply):
    return answering(lambda q: reply)


def partial(said, body, head=""):
    return response(body, f"Content-Range: {said}\r\nLast-Modified: {http_date(OLD)}\r\n{head}" if said else head, "206 Part")


def test_answers_to_a_range():
    """What the server sends is looked at; the file stays as it was where it is of no use."""
    chunked = (b"HTTP/1.1 206 Part\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 5-9/10\r\nLast-Modified: " +
               http_date(OLD).encode() + b"\r\n\r\n")
    whole = response(b"01234abcde")
    for first, code, there in (
            (partial("bytes 5-9/10", b"abcde"), 0, b"01234abcde"), (partial("BYTES  5-9/10", b"abcde"), 0, b"01234abcde"),
            (partial("bytes 5-9/*", b"abcde"), 0, b"01234abcde"), (chunked + b"5\r\nabcde\r\n0\r\n\r\n", 0, b"01234abcde"),
            (partial("bytes 0-4/10", b"abcde"), 33, b"01234"), (partial("bytes 6-9/10", b"abcd"), 33, b"01234"),
            (partial("bytes 5-9/9", b"abcde"), 33, b"01234"), (partial("", b"abcde"), 33, b"01234"),
            (partial("", b"x", "Content-Type: multipart/byteranges; boundary=x\r\n"), 33, b"01234"),
            (partial("lines 5-9/10", b"abcde"), 33, b"01234"), (partial("bytes 5-4/10", b""), 33, b"01234"),
            (partial("bytes 5-18446744073709551615/*", b"abcde"), 33, b"01234"),
            (whole, 0, b"01234abcde"), (response(b"no", status="404 No"), 22, b"01234"),
            (response(b"no", status="416 No"), 0, b"01234abcde"), (response(b"", status="304 Same"), 0, b"01234"),
            (response(b"no", "Content-Range: bytes */5\r\n", "416 No"), 0, b"01234"),
            (response(b"no", "Content-Range: bytes */9\r\n", "416 No"), 0, b"01234abcde"),
            (partial("bytes 5-9/10", b"\x1f\x8b", "Content-Encoding: gzip\r\n"), 0, b"01234abcde")):
        place = Place(b"01234")
        seen = []

        def answer(q, first=first, seen=seen):
            seen.append(q.get("Range"))
            return whole if not seen[-1] else first

        with Peer(answering(answer)) as p:
            r = run(*place.args(p.url("/x")))
            r.check(r.code == code, f"exit status {code} for {first!r}")
            assert read_file(place.path) == there and place.files() == ["f"], (first, place.files())
            assert seen[0] == ["bytes=5-"] and len(seen) <= 2


def test_less_and_more_than_was_said():
    """A response that is less than the rest is no success, and its bytes are kept; of one that is more, none too many."""
    chunked = (b"HTTP/1.1 206 Part\r\nTransfer-Encoding: chunked\r\nETag: \"1\"\r\nContent-Range: bytes 5-9/10\r\nLast-Modified: " +
               http_date(OLD).encode() + b"\r\n\r\n")
    for first, code, there in ((partial("bytes 5-7/10", b"abc", 'ETag: "1"\r\n'), 18, b"01234abc"),
                               (chunked + b"3\r\nabc\r\n0\r\n\r\n", 18, b"01234abc"),
                               (chunked + b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", 33, b"01234abc")):
        place = Place(b"01234")
        with Peer(always(first)) as p:
            run(*place.args(p.url("/x"))).expect(code=code, err=[failure(p.url("/x"))])
            assert place.files() == LEFT and read_file(place.part) == there, (first, place.files())


def test_redirects():
    """The range goes with them."""
    store, place = Store(), Place()
    with Peer(store) as q, Peer(answering(lambda r: response(b"", f"Location: {q.url('/y')}\r\n", "302 Found"))) as p:
        store.cut = 5000
        run(*place.args(p.url("/x"))).expect(code=18, err=[failure(p.url("/x"))])
        run(*place.args(p.url("/x"))).expect(out=[line(SIZE - 5000, p.url("/x"))])
        assert ranges(q)[1] == ranges(p)[1] == (["bytes=5000-"], ['"1"'])
        place.ends_whole(store.body)


def test_a_failure_leaves_what_was_there():
    """A status, a refused connection, a time-out: part and file are as they were."""
    store, place = Store(), Place()
    with Peer(store) as p:
        store.cut = 5000
        run(*place.args(p.url("/x"))).expect(code=18, err=[failure(p.url("/x"))])
        left = {name: read_file(os.path.join(place.folder, name)) for name in LEFT}
        url = p.url("/x")
        port = p.port
    for answer in (None, lambda q: response(b"no", status="503 Busy"), lambda q: threading.Event().wait(0.5) or None):
        if answer:
            with Peer(answering(answer), port=port) as p:
                r = run(*place.args(url, "-m", "0.2"))
        else:
            r = run(*place.args(url))
        assert r.code in (7, 22, 28), r.code
        assert {name: read_file(os.path.join(place.folder, name)) for name in place.files()} == left, r.code


# ---- nginx, and curl ------------------------------------------------------------------------------------------------

def nginx_page(name, body, seconds=OLD):
    path = write_file(os.path.join(world.www, name), body)
    os.utime(path, (seconds, seconds))
    return world.url(path="/" + name)


def test_nginx():
    """Its ETags, its 416, and a copy that changes under it."""
    name = "resume-" + os.path.basename(temp_dir())
    url = nginx_page(name, data("a"))
    for before, new in ((data("a")[:100_000], 300_000), (data("a"), 0), (data("a", SIZE + 64), SIZE), (None, SIZE),
                        (data("a")[:SIZE - 1], 1)):
        place = Place(before)
        run(*place.args(url)).expect(out=[line(new, url)])
        place.ends_whole(data("a"))
    for size in (SIZE, SIZE - 16, SIZE + 16):
        place = Place(data("a")[:100_000])
        nginx_page(name, data("b", size), int(time.time()) + 100)
        run(*place.args(url)).expect(out=[line(size, url)])
        place.ends_whole(data("b", size))


def curl(*args, cwd=None):
    """Without -f, with which curl of old (7.88) fails at a 416; it no longer does."""
    return subprocess.run(["curl", "-s", *args], cwd=cwd, env=environment(), timeout=30, check=False).returncode


def test_at_a_place_as_in_curl():
    """-C N: files and exit status, whatever was there."""
    name = "resume-" + os.path.basename(temp_dir())
    url = nginx_page(name, data("a", 1600))
    dull = Store(ranges=False, size=1600)
    with Peer(dull) as p:
        for at in ("0", "5", "100", "1599", "1600", "5000"):
            for before in (None, data("a")[:5], data("a")[:100], data("a", 1600), b"something else"):
                for where in (url, p.url("/x")):
                    ends = []
                    for program in (curl, lambda *a, cwd=None: run(*a, cwd=cwd).code):
                        place = Place(before)
                        code = program("-C", at, "-o", "f", where, cwd=place.folder)
                        there = read_file(place.path) if os.path.exists(place.path) else None
                        ends.append((code, there, place.files()))
                    if before is None and ends[0][1] == b"":
                        ends[0] = (ends[0][0], None, [])  # curl opens it before anything comes
                    assert ends[0] == ends[1], (at, before and len(before), where, ends[0][0], ends[1][0],
                                                len(ends[0][1] or b""), len(ends[1][1] or b""), ends[1][2])


def test_at_a_place():
    """-C N: where it is the beginning of what is there, two versions are not put together either; a part of N bytes is
    gone on with by its validator."""
    store, place = Store(modified=int(time.time()) + 100), Place(data("b")[:100_000])
    with Peer(store) as p:
        run("-C", "100000", "-o", place.path, p.url("/x")).expect(out=[line(SIZE, p.url("/x"))])
        place.ends_whole(store.body)
    for changes in (False, True):
        store, place = Store(), Place()
        with Peer(store) as p:
            store.cut = 5000
            run(*place.args(p.url("/x"))).expect(code=18, err=[failure(p.url("/x"))])
            if changes:
                store.change("b", '"2"')
            run("-C", "5000", "-o", place.path, p.url("/x")).expect(out=[line(SIZE - 5000 * (not changes), p.url("/x"))])
            assert ranges(p)[1] == (["bytes=5000-"], ['"1"'])
            place.ends_whole(store.body)
    # A rest by itself is no beginning of anything.
    store, place = Store(), Place()
    with Peer(store) as p:
        store.cut = 5000
        run("-C", "100", "-o", place.path, p.url("/x")).expect(code=18, err=[failure(p.url("/x"))])
        assert place.files() == []
        store.cut = 5000
        run("-C", "100", "-o", place.path, "--retry", "1", "--retry-delay", "0.02", "--retry-all-errors",
            p.url("/x")).expect(out=[line(SIZE - 100, p.url("/x"))])
        assert ranges(p)[-1] == (["bytes=5100-"], ['"1"'])
        place.ends_whole(store.body[100:])
        # And what changed meanwhile cannot be a rest of it.
        place = Place()
        store.cut = 5000
        f = start("-C", "100", "-o", place.path, "--retry", "1", "--retry-delay", "0.3", "--retry-all-errors", "-v", p.url("/x"))
        f.await_output("Trying again", "err")
        store.change("b", '"2"')
        r = f.wait()
        r.check(r.code == 33 and place.files() == [], "exit status 33")


def test_usage():
    """What -C cannot go with."""
    for args in (["--raw"], ["-I"], ["-X", "POST"], ["-d", "x"], ["-T", "/dev/null"], ["-F", "a=b"], ["-H", "Range: bytes=0-4"], ["-r", "0-4"], ["--compare"]):
        r = run("-C", "-", *args, "http://127.0.0.1:1/")
        r.check(r.code == 2 and b"-C" in r.err or b"--continue-at" in r.err, f"a usage error: {args}")
