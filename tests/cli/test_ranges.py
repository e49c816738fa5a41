"""Ranges and conditions (-r, -z, the etag files), bodies as they come (--raw, --ignore-content-length), beside curl: the
requests that a server sees, the files that are left, and the exit status."""
import gzip
import os
import subprocess

from harness import (Peer, answering, environment, failure, line, read_file, response, run, shown, temp_dir, world,
                     write_file)

OLD, NEW = 1_000_000_000, 4_000_000_000  # seconds since the epoch
DATES = [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "1994 Nov 6 08:49:37",
    "GMT 08:49:37 06-Nov-94 Sunday", "94 6 Nov 08:49", "1994.Nov.6", "Sun/Nov/6/94/GMT", "06 Nov 1994 08:49:37 CEST",
    "Sun, 12 Sep 2004 15:05:58 -0700", "20040912 15:05:58 +0230", "20040911 +0200", "3 Mar 70", "3 mar 71", "1 Jan 9999",
    "31 Dec 1969", "Feb 29 2023", "24 Aug 2000 23:59:60", "20111323", "24 Aug 2000 29:00:34", "6 Nov", "2 days ago",
    "2021-09-01", "nowhere"]


def curl(*args, cwd=None):
    return subprocess.run(["curl", "-s", *args], cwd=cwd, env=environment(), timeout=30, check=False,
                          capture_output=True)


def heads(peer):
    return [[r.first, *sorted(f for f in r.fields if not f.startswith("User-Agent:"))] for r in peer.requests]


def always(data):
    return answering(lambda q: data)


def aged(path, seconds):
    os.utime(path, (seconds, seconds))
    return path


def page(name="page", seconds=OLD):
    """A file of nginx's, of a size that others are not; its URL."""
    path = os.path.join(world.www, "ranges-" + name)
    if not os.path.exists(path):
        aged(write_file(path, world.content(world.sizes[name])), seconds)
    return world.url(path="/ranges-" + name)


# ---- what is asked ---------------------------------------------------------------------------------------------------

def test_requests_as_in_curl():
    folder = temp_dir()
    write_file(os.path.join(folder, "etag"), '"abc"\n')
    write_file(os.path.join(folder, "weak"), 'W/"a\r\nbc"')
    write_file(os.path.join(folder, "empty"), "")
    aged(os.path.join(folder, "etag"), OLD)
    cases = [["-r", x] for x in ("0-499", "500-", "-500", "0-0,-1", "7", "1-2,4-", "a-b", "5 - 9")]
    cases += [["-z", x] for x in DATES] + [["-z", "-" + DATES[0]], ["-z", "=" + DATES[0]], ["-z", "+" + DATES[0]]]
    cases += [["-z", "etag"], ["-z", "-etag"], ["--time-cond", "=etag"]]
    cases += [["--etag-compare", x] for x in ("etag", "weak", "empty")]
    cases += [["--etag-compare", "missing", "--etag-save", "saved"]]  # (curl of old wants the latter, too)
    cases += [["--etag-compare", "etag", "-H", "If-None-Match: x"], ["-r", "0-4", "-H", "Range: bytes=9-"],
              ["-r", "0-4", "-H", "Range:"], ["-z", DATES[0], "-H", "If-Modified-Since: never"], ["-r", "0-4", "-I"],
              ["-z", DATES[0], "-r", "3-"], ["--raw", "--compressed"], ["--raw"], ["--ignore-content-length", "-I"]]
    for args in cases:
        seen = []
        with Peer(always(response(b"", "Connection: close\r\n"))) as p:
            curl("-o", "/dev/null", *args, p.url("/x"), cwd=folder)
            run("--sync", *args, p.url("/x"), cwd=folder)
            seen = heads(p)
        assert len(seen) == 2 and seen[0] == seen[1], (args, seen)


def test_warnings():
    """As curl has them, and goes on."""
    with Peer(always(response(b"12345"))) as p:
        for args, words in ((["-r", "7"], "a range has a dash"), (["-r", "x-"], "digits, dashes and commas"),
                            (["-z", "tomorrow"], "neither a date nor a file"),
                            (["--etag-compare", "nowhere"], "there is no nowhere")):
            run(*args, p.url("/5")).expect(out=[line(5, p.url("/5"))], err=[f"afetch: warning: .*{words}.*"],
                                         total=None)


def test_usage():
    folder = temp_dir()
    big = write_file(os.path.join(folder, "big"), b"x" * 20000)
    for args, code in ((["-r", "", "u"], 2), (["-r", "0-\n", "u"], 2), (["-r", "0-4", "-C", "-", "u"], 2),
                       (["-C", "5", "-r", "0-4", "u"], 2), (["-C", "x", "u"], 2), (["-C", "-5", "u"], 2),
                       (["--etag-save", "e", "u", "v"], 2), (["--etag-compare", "e", "u{1,2}"], 2),
                       (["--etag-save", "e", "-"], 2), (["--etag-save", "-", "u"], 2), (["--etag-compare", big, "u"], 26),
                       (["--etag-compare", folder, "u"], 26), (["--compare", "--etag-save", "e", "u"], 2)):
        r = run(*args)
        r.check(r.code == code and not r.out, f"{args}: exit status {code}")


# ---- what comes: nginx -----------------------------------------------------------------------------------------------

def both(args, url, before=None, mtime=None):
    """curl's and our exit status and file, with what was there before; curl is told to fail as afetch does."""
    ends = []
    for program in (curl, run):
        folder = temp_dir()
        path = os.path.join(folder, "f")
        if before is not None:
            aged(write_file(path, before), mtime or OLD)
        r = program("-f", "-o", path, *args, url, cwd=folder)
        code = r.returncode if program is curl else r.code
        ends.append((code, read_file(path) if os.path.exists(path) else None, sorted(os.listdir(folder))))
    return ends


def test_ranges_of_nginx():
    url, whole = page(), world.content(world.sizes["page"])
    for asked, part in (("0-99", whole[:100]), ("100-", whole[100:]), ("-7", whole[-7:]), ("0-0", whole[:1]),
                        ("25430-", whole[-1:]), ("0-99999", whole), ("-99999", whole), ("25431-", None), ("9-5", None)):
        ours, theirs = both(["-r", asked], url)[::-1]
        if part is not None or theirs[0] == 22:
            assert ours == theirs, (asked, theirs[0], ours[0])
        if part is not None:
            assert ours[:2] == (0, part), (asked, ours[0])
    for multiple in ("0-0,-1", "0-9,20-29,100-"):
        ours, theirs = both(["-r", multiple], url)[::-1]
        # The boundary is another each time.
        assert ours[0] == theirs[0] == 0 and len(ours[1]) == len(theirs[1]) and b"multipart" not in ours[1][:10], multiple
    run("-r", "25431-", url).expect(code=22, err=[failure(url, ".*416.*")])


def test_time_conditions_of_nginx():
    url, whole = page(), world.content(world.sizes["page"])
    folder = temp_dir()
    older = aged(write_file(os.path.join(folder, "older"), ""), OLD - 5)
    newer = aged(write_file(os.path.join(folder, "newer"), ""), OLD + 5)
    same = aged(write_file(os.path.join(folder, "same"), ""), OLD)
    for when, there in ((older, whole), (newer, b"old"), (same, b"old"), ("1 Jan 2000", whole), ("1 Jan 2030", b"old"),
                        ("=1 Jan 2000", whole), ("=1 Jan 2030", b"old"), ("-1 Jan 2030", whole)):
        theirs, ours = both(["-z", when], url, b"old")
        assert ours == theirs and ours[:2] == (0, there), (when, theirs[0], ours[0], shown(ours[1] or b""))
    # Nothing was there, and nothing is.
    theirs, ours = both(["-z", newer], url)
    assert ours == theirs == (0, None, []), (theirs, ours)
    theirs, ours = both(["-z", "-" + older], url, b"old")  # nginx says 412
    assert ours == theirs and ours[:2] == (22, b"old"), (theirs[0], ours)
    run("-z", newer, url).expect(out=[line(0, url)])


def test_etags_of_nginx():
    url, whole = page(), world.content(world.sizes["page"])
    ends = []
    for program in (curl, run):
        folder = temp_dir()
        args = ["--etag-save", "etag", "--etag-compare", "etag", "-o", "f", url]
        write_file(os.path.join(folder, "etag"), "")
        program(*args, cwd=folder)
        first = (read_file(os.path.join(folder, "etag")), read_file(os.path.join(folder, "f")))
        write_file(os.path.join(folder, "f"), "mine")
        program(*args, cwd=folder)
        ends.append((first, read_file(os.path.join(folder, "etag")), read_file(os.path.join(folder, "f")),
                     sorted(os.listdir(folder))))
    assert ends[0] == ends[1], ends
    assert ends[1][0][1] == whole and ends[1][2] == b"mine"


# ---- what comes: odd servers -----------------------------------------------------------------------------------------

def test_etag_files():
    """Written once all is whole; a server without ETags leaves a file as it is, or makes an empty one, as in curl."""
    folder = temp_dir()
    path = os.path.join(folder, "e")

    def etag(q):
        return {"/with": response(b"12345", 'ETag: W/"x y"\r\n'), "/without": response(b"12345"),
                "/missing": response(b"no", 'ETag: "404"\r\n', "404 No")}.get(q.target)

    def broken(conn):
        q = conn.request()
        if q and q.target == "/broken":
            conn.send(b'HTTP/1.1 200 OK\r\nETag: "new"\r\nContent-Length: 9\r\n\r\n1234')
        elif q:
            conn.send(etag(q))

    with Peer(broken) as p:
        run("--etag-save", path, p.url("/without")).expect(out=[line(5, p.url("/without"))])
        assert read_file(path) == b""
        run("--etag-save", path, p.url("/with")).expect(out=[line(5, p.url("/with"))])
        assert read_file(path) == b'W/"x y"\n'
        for target, code in (("/without", 0), ("/missing", 22), ("/broken", 18)):
            r = run("--etag-save", path, p.url(target))
            r.check(r.code == code, f"exit status {code}")
            assert read_file(path) == b'W/"x y"\n', target
        r = run("--etag-save", "/dev/stdout", p.url("/with"))
        r.check(sorted(r.lines) == sorted(['W/"x y"', line(5, p.url("/with"))]), "the ETag, and the line")
        run("--no-fail", "--etag-save", path, p.url("/missing")).expect(out=[line(2, p.url("/missing"))])
        assert read_file(path) == b'W/"x y"\n' and os.listdir(folder) == ["e"]
        url = p.url("/with")
        run("--etag-save", os.path.join(folder, "no", "e"), url).expect(code=23, err=[failure(url, "could not write.*")])


def test_time_conditions_of_servers_that_know_none():
    """They are seen to here, as in curl; a large body that is not wanted is not waited for."""
    def modified(seconds, body=b"12345", more=""):
        date = subprocess.run(["date", "-u", "-R", "-d", f"@{seconds}"], capture_output=True, text=True, check=True,
                              env=environment()).stdout.strip().replace("+0000", "GMT")
        return response(body, f"Last-Modified: {date}\r\n{more}")

    huge = modified(OLD, b"", "X: 1\r\n").replace(b"Content-Length: 0", b"Content-Length: 100000000000") + b"x" * 100
    for args, data, code, there in (
            (["-z", "1 Jan 2030"], modified(OLD), 0, b"old"), (["-z", "1 Jan 2000"], modified(OLD), 0, b"12345"),
            (["-z", "-1 Jan 2000"], modified(OLD), 0, b"old"), (["-z", "-1 Jan 2030"], modified(OLD), 0, b"12345"),
            (["-z", "=1 Jan 2030"], modified(OLD), 0, b"old"), (["-z", "1 Jan 2030"], response(b"12345"), 0, b"12345"),
            (["-z", "1 Jan 2030", "-r", "0-99"], modified(OLD), 0, b"12345"), (["-z", "1 Jan 2030"], huge, 0, b"old"),
            (["-z", "1 Jan 1970"], modified(OLD), 0, b"12345"), (["-z", "-1 Jan 1970"], modified(OLD), 0, b"12345")):
        with Peer(always(data)) as p:
            theirs, ours = both(args, p.url("/x"), b"old")
        assert ours == theirs and ours[:2] == (code, there), (args, theirs, ours)


def test_ranges_of_odd_servers():
    """A server may ignore a range; what it sends for one must be of it (curl does not look)."""
    def partial(said, body=b"12345"):
        return response(body, f"Content-Range: {said}\r\n" if said else "", "206 Partial")

    for asked, data, code in (("0-4", response(b"1234567"), 0), ("0-4", partial("bytes 0-4/9"), 0),
                              ("0-4", partial("bytes 0-4/*"), 0), ("0-4", partial(""), 0), ("0-9", partial("bytes 0-4/9"), 0),
                              ("-5", partial("bytes 4-8/9"), 0), ("0-4,6-8", partial("bytes 0-4/9"), 0),
                              ("4-", partial("bytes 4-8/9"), 0), ("0-4", partial("bytes 1-5/9"), 33),
                              ("0-3", partial("bytes 0-4/9"), 33), ("-5", partial("bytes 3-7/9"), 33),
                              ("4-", partial("bytes 0-4/9"), 33), ("0-4", partial("lines 0-4/9"), 33),
                              ("0-4", partial("bytes 4-0/9"), 33), ("0-4", partial("bytes */9"), 33)):
        folder = temp_dir()
        with Peer(always(data)) as p:
            r = run("-r", asked, "-o", os.path.join(folder, "f"), p.url("/x"))
            if code:
                r.expect(code=33, err=[failure(p.url("/x"), "range not delivered: bytes=.* was asked for.*")])
            else:
                r.check(r.code == 0 and len(r.lines) == 1, f"a success: {asked}")
            assert os.listdir(folder) == ([] if code else ["f"]), (asked, os.listdir(folder))


TEXT = b"".join(b"%d bottles\n" % i for i in range(3000))
PACKED = gzip.compress(TEXT)


def in_chunks(data, sizes, end=b"0\r\nTrailer: x\r\n\r\n"):
    out, at = b"", 0
    for size in sizes:
        piece = data[at:at + size] if size else data[at:]
        at += len(piece)
        out += b"%x;ext=1\r\n%s\r\n" % (len(piece), piece)
    return out + end


def test_raw():
    """Chunks with their lines, and codings, as they came; and as curl gives them."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
    coded = b"Content-Encoding: gzip\r\n"
    pieces = in_chunks(TEXT, [1, 10, 1000, 0])
    packed = in_chunks(PACKED, [5, 0])
    answers = {"/chunked": (chunked + b"\r\n" + pieces, pieces), "/both": (chunked + coded + b"\r\n" + packed, packed),
               "/gzip": (response(PACKED, coded.decode()), PACKED), "/plain": (response(TEXT), TEXT),
               "/empty": (chunked + b"\r\n0\r\n\r\n", b"0\r\n\r\n")}
    with Peer(answering(lambda q: answers[q.target][0])) as p:
        for target, (_, there) in answers.items():
            theirs, ours = both(["--raw", "--compressed"], p.url(target))
            assert ours == theirs == (0, there, ["f"]), (target, theirs[0], ours[0])
        # And not on one of them is waited: they share their connections.
        p.accepts = 0
        run("--raw", "-P", "1", *(p.url(t) for t in answers)).expect(
            out=[line(len(there), p.url(t)) for t, (_, there) in answers.items()])
        assert p.accepts == 1, p.accepts


def test_raw_that_is_cut_short():
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks(TEXT, [10, 20], b"")
    with Peer(lambda conn: conn.request() and conn.send(data)) as p:
        theirs, ours = both(["--raw"], p.url("/x"))
        assert theirs[0] == ours[0] == 18 and ours[2] == [], (theirs[0], ours)


def test_ignore_content_length():
    def answer(length):
        return lambda conn: conn.request() and conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n12345" % length)

    for length in (b"3", b"99", b"5", b"junk"):
        with Peer(answer(length)) as p:
            theirs, ours = both(["--ignore-content-length"], p.url("/x"))
            assert ours == theirs == (0, b"12345", ["f"]), (length, theirs, ours)
    # What a redirect says of itself is not waited for.
    with Peer(answering(lambda q: response(b"", "Location: /b\r\n", "302 Found") if q.target == "/a" else
                        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")) as p:
        run("--ignore-content-length", p.url("/a")).expect(out=[line(2, p.url("/a"))])


def test_modes():
    url = page()
    for mode in ("--sync", "--threads"):
        run(mode, "-r", "5-9", url).expect(out=[line(5, url)])
        run(mode, "-z", "1 Jan 2030", url, url).expect(out=[line(0, url)] * 2)
    r = run("--compare", "-s", "-r", "5-9", url)
    r.check(r.code == 0 and all(x.split()[-2] == "5" for x in r.lines[1:]), "three times five bytes")
