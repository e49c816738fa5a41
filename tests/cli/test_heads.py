"""-i, -I and -D: heads as they come, beside curl."""
import os
import subprocess

from harness import Failed, Peer, answering, environment, line, read_file, response, run, temp_dir
from proxies import HttpProxy

BODY = b"hello"
ANSWERS = {
    "/plain": response(BODY),
    "/odd": b"HTTP/1.1 200  Very  Odd \r\nX-a:1\r\nx-B:\t2  \r\nX-EMPTY:\r\ncontent-LENGTH: 5\r\nX-E: \xff\r\n\r\n" + BODY,
    "/none": b"HTTP/1.1 204\r\n\r\n",
    "/lf": b"HTTP/1.0 200 OK\nContent-Length: 5\nA: b\n\n" + BODY,
    "/close": b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n" + BODY,
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "/inform": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + response(BODY),
    "/go": response(b"gone", "Location: /there\r\nX-Hop: 1\r\n", "302 Found"),
    "/there": response(b"over there", "X-Hop: 2\r\n"),
    "/missing": response(b"no such thing", status="404 Not Found"),
    "/long": response(BODY, "X-Long: " + "y" * 5000 + "\r\n"),
}
HEAD_ONLY = ("/plain", "/odd", "/none", "/lf", "/inform", "/go", "/missing", "/long")


def answer(request, conn):
    data = ANSWERS[request.target.split("?")[0]]
    if request.method == "HEAD":
        at = data.index(b"\n\n") + 2 if request.target == "/lf" else data.rindex(b"\r\n\r\n") + 4
        data = data[:at]
    conn.send(data)
    if b"HTTP/1.0" in data or request.target == "/lf":
        return None
    return b""


def curl(*args):
    r = subprocess.run(["curl", "-sL", *args], env=environment(), capture_output=True, timeout=30)
    return r.returncode, r.stdout


def compare(differ, theirs, options, url):
    """What curl -L prints, and afetch."""
    r = run("-sS", *options, url)
    if (r.code, r.out) != theirs:
        differ.append(f"{options} {url}: curl {theirs}, afetch {(r.code, r.out)} {r.errors}")


def test_what_curl_prints():
    differ = []
    with Peer(answering(answer)) as p:
        for target in ANSWERS:
            fail = ["-f"] if target == "/missing" else []
            for options in (["-i"], ["-D", "-"], ["--show-headers"]):
                more = ["-o", "-"] if "-D" in options else []
                code, out = curl(*["-i" if o == "--show-headers" else o for o in options], *fail, p.url(target))
                compare(differ, (code, out), [*options, *more], p.url(target))
        for target in HEAD_ONLY:
            fail = ["-f"] if target == "/missing" else []
            compare(differ, curl("-I", *fail, p.url(target)), ["-I"], p.url(target))
            compare(differ, curl("-I", "-i", *fail, p.url(target)), ["-I", "-i"], p.url(target))
    if differ:
        raise Failed("afetch and curl", "the same bytes and exit status", "\n".join(differ))


def test_in_files():
    differ = []
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        for target in ANSWERS:
            for options in (["-i", "--no-fail"], ["-i", "--no-fail", "-D", folder + "/d"]):
                theirs = curl(*[o for o in options if o != "--no-fail"], "-o", folder + "/theirs", p.url(target))[0]
                dumped = read_file(folder + "/d") if "-D" in options else b""
                r = run("-sS", *options, "-o", folder + "/ours", p.url(target))
                ours = read_file(folder + "/ours")
                if theirs != r.code or ours != read_file(folder + "/theirs"):
                    differ.append(f"{options} {target}: {ours} ({r.code})")
                if dumped and dumped != read_file(folder + "/d"):
                    differ.append(f"{options} {target}: dumped {read_file(folder + '/d')}")
        run("-I", "-o", folder + "/head", p.url("/plain")).expect(out=[line(0, p.url("/plain"))])
        assert read_file(folder + "/head") == ANSWERS["/plain"][:-5]
        r = run("-i", "-o", folder + "/missing", p.url("/missing"))
        r.check(r.code == 22 and "missing" not in os.listdir(folder), "no file of a failure")
    if differ:
        raise Failed("afetch and curl", "the same files and exit status", "\n".join(differ))


def test_the_dumps_of_many_are_not_mixed():
    """Each transfer's heads stand together, redirects and failures too, however they came."""
    with Peer(answering(answer)) as p:
        folder = temp_dir()
        urls = [p.url(f"{t}?{i}") for i in range(20) for t in ("/go", "/missing", "/inform")]
        path = folder + "/d"
        for mode in ([], ["--threads"], ["--sync"]):
            r = run(*mode, "-s", "-D", path, *urls)
            r.check(r.code == 22 and len(r.lines) == 40, "the lines all the same")
            data = read_file(path)
            go = ANSWERS["/go"][:-4] + ANSWERS["/there"][:-10]
            for part in (go, ANSWERS["/missing"][:-13], ANSWERS["/inform"][:-5]):
                assert data.count(part) == 20, part
                data = data.replace(part, b"")
            assert data == b"", data


def test_heads_and_bodies_of_many():
    """-i: each body behind its heads."""
    with Peer(answering(answer)) as p:
        for mode in ([], ["--threads"], ["--sync"]):
            r = run(*mode, "-s", "-i", *[p.url(f"/go?{i}") for i in range(30)])
            r.check(r.code == 0 and r.out == (ANSWERS["/go"][:-4] + ANSWERS["/there"]) * 30, "30 times the same")


def test_connect():
    """A proxy's answers are printed unless that is suppressed."""
    differ = []

    def connect(request, conn):
        return b"HTTP/1.1 200 Go\r\nX-Proxy: a  b\r\n\r\n"

    with Peer(answering(answer)) as p, HttpProxy(connect, port=p.port) as proxy:
        folder = temp_dir()
        for options in (["-i"], ["-i", "--suppress-connect-headers"], ["-I"], ["-D", folder + "/d", "-o", folder + "/o"],
                        ["--suppress-connect-headers", "-D", folder + "/d", "-o", folder + "/o"]):
            for target in ("/plain", "/inform"):
                args = [*options, "-p", "-x", proxy.proxy()]
                theirs = curl(*args, p.url(target))
                dumped = read_file(folder + "/d") if "-D" in options else b""
                r = run("-sS", *args, p.url(target))
                out = b"" if "-D" in options else r.out
                if (r.code, out) != theirs or (dumped and dumped != read_file(folder + "/d")):
                    differ.append(f"{options} {target}: curl {theirs} {dumped}, afetch {(r.code, r.out)} {r.errors}")
    if differ:
        raise Failed("afetch and curl", "the same bytes", "\n".join(differ))


def test_tries():
    """In a file the heads of the last try alone, as its body; on standard output and in a dump all of them."""
    def flaky():
        seen = []

        def answer(request):
            seen.append(1)
            return response(b"later", status="503 Later") if len(seen) == 1 else response(BODY)

        return answer

    retry = ["-s", "--retry", "1", "--retry-delay", "0.01"]
    later, good = response(b"", "", "503 Later").replace(b"Length: 0", b"Length: 5"), response(BODY)
    folder = temp_dir()
    with Peer(answering(flaky())) as p:
        run(*retry, "-i", "-o", folder + "/f", "-D", folder + "/d", p.url("/"))
        assert read_file(folder + "/f") == good, read_file(folder + "/f")
        assert read_file(folder + "/d") == later + good[:-5]
    with Peer(answering(flaky())) as p:
        r = run(*retry, "-i", p.url("/"))
        r.check(r.out == later + good, "both heads")


def test_a_body_that_goes_on():
    """The head of the try that goes on does not come into the body."""
    data = bytes(range(65, 91)) * 2000
    first = response(data, 'ETag: "a"\r\n')

    def answer(request, conn):
        if not request.get("Range"):
            conn.send(first[:-20000])
            return None
        begin = int(request.get("Range")[0][6:-1])
        return response(data[begin:], f'ETag: "a"\r\nContent-Range: bytes {begin}-{len(data) - 1}/{len(data)}\r\n',
                        "206 Partial Content")

    folder = temp_dir()
    retry = ["-s", "--retry", "1", "--retry-all-errors", "--retry-delay", "0.01", "-i"]
    with Peer(answering(answer)) as p:
        r = run(*retry, p.url("/"))
        r.check(r.code == 0 and r.out == first, "one head and one body")
        run(*retry, "-o", folder + "/f", p.url("/"))
        assert read_file(folder + "/f") == first


def test_a_dump_that_cannot_be_written():
    r = run("-D", "/nowhere/d", "http://127.0.0.1:1/")
    r.check(r.code == 23 and "--dump-header: /nowhere/d cannot be written" in r.err.decode(), "23")
