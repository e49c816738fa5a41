"""--compressed and --max-filesize: content codings taken off as bodies stream, whatever they grow to. (br and zstd:
tests/unit/test_decode.)"""
import gzip
import os
import subprocess
import threading
import zlib

from harness import (Config, Peer, Skip, answering, by_path, environment, failure, line, read_file, response, run, start,
                     temp_dir)

TEXT = b"".join(b"%d bottles\n" % i for i in range(20000))


def raw_deflate(data):
    c = zlib.compressobj(wbits=-15)
    return c.compress(data) + c.flush()


CODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "Deflate": raw_deflate(TEXT),
    "identity": TEXT,
    "gzip, deflate": zlib.compress(gzip.compress(TEXT)),
    "deflate,gzip , gzip": gzip.compress(gzip.compress(zlib.compress(TEXT))),
}


def coded(name, data, head=""):
    return response(data, f"Content-Encoding: {name}\r\n{head}")


def always(data):
    return answering(lambda q: data)


def test_codings():
    folder = temp_dir()
    for i, (name, data) in enumerate(CODED.items()):
        path = os.path.join(folder, str(i))
        with Peer(always(coded(name, data))) as p:
            run("--compressed", "-o", path, p.url("/x")).expect(out=[line(len(TEXT), p.url("/x"))])
        assert read_file(path) == TEXT, name


def test_what_is_asked_for():
    """As curl asks; and without the option nothing is asked for, and nothing decoded."""
    with Peer(always(coded("gzip", CODED["gzip"]))) as p:
        run("--compressed", p.url("/x")).check(True, "")
        run(p.url("/x")).expect(out=[line(len(CODED["gzip"]), p.url("/x"))])
        subprocess.run(["curl", "-s", "--compressed", "-o", "/dev/null", p.url("/x")], env=environment(), check=True)
        ours, none, curl = (q.get("Accept-Encoding") for q in p.requests)
        assert ours == curl and none == [], (ours, curl, none)


def test_two_fields_and_every_byte_by_itself():
    data = zlib.compress(gzip.compress(TEXT[:3000]))
    text = (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: deflate\r\n"
            b"Content-Length: %d\r\n\r\n" % len(data)) + data

    def drips(conn):
        if conn.request():
            conn.drip(text)

    with Peer(drips) as p:
        run("--compressed", p.url("/x")).expect(out=[line(3000, p.url("/x"))])


def test_broken():
    folder = temp_dir()
    whole = CODED["gzip"]
    for name, data in (("gzip", whole[:-200]), ("gzip", whole[:500] + b"\0\0\0\0" + whole[504:]), ("gzip", b"not gzip at all"),
                       ("deflate", b"\xff\xff\xff\xff"), ("snappy", b"x" * 100)):
        with Peer(always(coded(name, data))) as p:
            run("--compressed", "-o", os.path.join(folder, "f"), p.url("/x")).expect(
                code=61, err=[failure(p.url("/x"), "bad content encoding.*")])
        assert os.listdir(folder) == [], os.listdir(folder)


def test_empty_and_head_only():
    with Peer(always(coded("gzip", b""))) as p:
        run("--compressed", p.url("/x")).expect(out=[line(0, p.url("/x"))])
        run("--compressed", "-I", "-o", "/dev/null", p.url("/x")).expect(out=[line(0, p.url("/x"))])


def bomb(megabytes):
    c = zlib.compressobj(9, wbits=31)
    return b"".join([c.compress(bytes(1 << 20)) for _ in range(megabytes)] + [c.flush()])


def test_a_bomb_ends_early():
    data = bomb(200)
    with Peer(always(coded("gzip", data))) as p:
        r = run("--compressed", "--max-filesize", "5M", p.url("/x"))
        r.expect(code=63, err=[failure(p.url("/x"), "file too large.*")])


def test_a_bomb_holds_up_nobody():
    """Half a gigabyte comes out of one response; the others go on, and memory stays what it was."""
    if Config.mode == "--sync":
        raise Skip("there is one at a time")
    data, go = bomb(500), threading.Event()

    def answer(request):
        if request.target == "/bomb":
            go.set()
            return coded("gzip", data)
        go.wait(20)
        return response(b"12345")

    with Peer(answering(answer)) as p:
        urls = [p.url("/bomb"), *(p.url(f"/{i}") for i in range(20))]
        f = start("--compressed", *urls)
        f.await_lines(1)
        first = f.data["out"].split(b"\n")[0].decode()
        r = f.wait()
        r.check(r.code == 0 and len(r.lines) == 21, "all of them")
        r.check("bomb" not in first, f"the others are not held up ({first})")


def test_max_filesize():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n"
    for data in (response(b"x" * 1000), chunked):
        with Peer(always(data)) as p:
            run("--max-filesize", "1000", p.url("/x")).expect(out=[line(1000, p.url("/x"))])
            run("--max-filesize", "999", p.url("/x")).expect(code=63, err=[failure(p.url("/x"), "file too large.*")])


def test_pushback_while_decoding():
    """A FIFO that is read slowly: nothing is lost, and memory does not grow."""
    data = gzip.compress(bytes(30 << 20))
    fifo = os.path.join(temp_dir(), "fifo")
    os.mkfifo(fifo)
    reader = start(command=["sh", "-c", 'exec 3<"$1"; head -c 1 <&3 >/dev/null; sleep 1; wc -c <&3', "sh", fifo])
    with Peer(always(coded("gzip", data))) as p:
        f = start("--compressed", "-o", fifo, p.url("/x"))
        r = f.wait()
        r.expect(out=[line(30 << 20, p.url("/x"))])
        r.check(int(reader.wait().out) == (30 << 20) - 1, "every byte")


def test_a_retry_begins_the_decoding_anew():
    def breaks(conn):
        q = conn.request()
        if q is None:
            return
        whole = coded("gzip", CODED["gzip"])
        conn.send(whole if conn.number == 2 else whole[:-100])

    path = os.path.join(temp_dir(), "f")
    with Peer(breaks) as p:
        run("--compressed", "--retry", "1", "--retry-delay", "0.02", "--retry-all-errors", "-o", path, p.url("/x")).expect(
            out=[line(len(TEXT), p.url("/x"))])
    assert read_file(path) == TEXT


def test_others_are_decoded_beside_plain_ones():
    with Peer(answering(lambda q: coded("gzip", CODED["gzip"]) if q.target.startswith("/z") else by_path(q))) as p:
        urls = [p.url(f"/z{i}" if i % 2 else f"/{i}") for i in range(60)]
        run("--compressed", *urls).expect(out=[line(len(TEXT) if i % 2 else i, u) for i, u in enumerate(urls)])
