"""What is asked for: method, target, version and Referer, beside curl against the same server."""
import re
import subprocess

from harness import Failed, Peer, answering, environment, failure, line, response, run

OPTIONS = [
    [], ["-X", "PUT"], ["-X", "DELETE"], ["--request", "PROPFIND"], ["-X", "get"], ["-X", "X-!#$%&'*+.^_`|~"],
    ["-X", "PUT", "-X", "PATCH"], ["-I"], ["--head"], ["-I", "-X", "OPTIONS"], ["-X", "HEAD", "-I"],
    ["-0"], ["--http1.0"], ["--http1.1"], ["-0", "--http1.1"], ["--http1.1", "-0"], ["-0I"],
    ["--path-as-is"], ["--path-as-is", "--no-path-as-is"],
    ["--request-target", "*", "-X", "OPTIONS"], ["--request-target", "http://else.where/?a"], ["--request-target", "a b"],
    ["-e", "http://from.here/"], ["--referer", "ä b"], ["-e", ""], ["-e", "a", "-e", "b"], ["-e", "x;auto"], ["-e", ";auto"],
    ["-e", "a", "-H", "Referer: b"], ["-e", "a", "-H", "Referer:"], ["-e", "a", "-A", "b", "-H", "C: d"],
]
PATHS = ["/", "/a/./b/../c/%2e%2E/d?x=/../y", "/..", "/a/.."]


def answer(request):
    """As long as the method lets it be."""
    data = response(b"hello")
    return data[:-5] if request.method == "HEAD" else data


def heads(peer):
    """Every byte of the heads, but the client's name."""
    found = [re.sub(rb"\r\nUser-Agent: (curl|afetch)/[^\r]*", b"", q.head) for q in peer.requests]
    del peer.requests[:]
    return found


def test_heads_as_curl_sends_them():
    differ = []
    with Peer(answering(answer)) as p:
        for options in OPTIONS:
            for path in PATHS if "--path-as-is" in options or not options else PATHS[:1]:
                # Dots that are encoded are dots since curl 8.
                path = path if "--path-as-is" in options and "--no-path-as-is" not in options else path.replace("%2e%2E/", "")
                curl = subprocess.run(["curl", "-s", "-o", "/dev/null", *options, p.url(path)], env=environment()).returncode
                theirs = heads(p)
                r = run(*options, p.url(path))
                ours = heads(p)
                if ours != theirs or r.code != curl:
                    differ.append(f"{options} {path}: curl ({curl}) sends {theirs}, afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same heads and exit status", "\n".join(differ))


def test_the_head_alone():
    """A body is not waited for, whatever its length is said to be; one that comes does not disturb the next request."""
    with Peer(answering(answer)) as p:
        for options in (["-I", "-o", "/dev/null"], ["-X", "HEAD"]):
            run("--sync", *options, p.url("/a"), p.url("/b")).expect(out=[line(0, p.url("/a")), line(0, p.url("/b"))])
            assert [q.method for q in p.requests] == ["HEAD", "HEAD"]
            del p.requests[:]
        assert p.accepts == 2, "one connection for both requests"
    with Peer(answering(answer)) as p:
        for mode in ([], ["--sync"], ["--threads"]):
            urls = [p.url(f"/{i}") for i in range(5)]
            run(*mode, "-P1", "-I", "-o", "/dev/null", "-X", "GET", *urls).expect(out=[line(0, u) for u in urls])
        assert [q.method for q in p.requests] == ["GET"] * 15
        assert p.accepts == 15, "a connection with a body left on it is not used again"


def test_the_head_of_a_failure():
    with Peer(answering(lambda q: response(b"", "Content-Length: 1000000\r\n", "404 Not Found", length=False))) as p:
        run("--sync", "-I", "-o", "/dev/null", p.url("/a"), p.url("/b")).expect(
            code=22, err=[failure(p.url(x), ".*404 Not Found") for x in ("/a", "/b")])
        assert p.accepts == 1, "one connection for both requests"


def test_the_head_of_what_is_large_and_coded():
    """What is said of a body that does not come is no failure."""
    def answer(request):
        return response(b"", "Content-Length: 1000000\r\nContent-Encoding: gzip\r\n", length=False)

    with Peer(answering(answer)) as p:
        for options in ([], ["-X", "GET"]):
            run("-I", "-o", "/dev/null", "--compressed", "--max-filesize", "10", *options, p.url()).expect(out=[line(0, p.url())])


def redirecting(request):
    """/2 leads to /1, /1 to /0."""
    n = int(request.target[1])
    return response(b"x", f"Location: /{n - 1}?q#f\r\n", "302 Found") if n else response(b"hello")


def test_referer_of_redirects():
    """As curl -L, with user info and fragments that are not told."""
    for options in (["-e", ";auto"], ["-e", "first;auto"], ["-e", "first"], ["-e", "first;auto", "-H", "Referer: mine"]):
        with Peer(answering(redirecting)) as p:
            url = p.url("/2#here").replace("//", "//me:secret@")
            subprocess.run(["curl", "-sL", "-o", "/dev/null", *options, url], env=environment(), check=True)
            theirs = [q.get("Referer") for q in p.requests]
            del p.requests[:]
            run(*options, url).expect(out=[line(5, p.url("/2#here"))])
            ours = [q.get("Referer") for q in p.requests]
            assert ours == theirs and len(ours) == 3, (options, ours, theirs)


def test_referer_begins_anew_with_a_retry():
    """What a failed try had been led to is not told in the next one."""
    def answer(request):
        if request.target == "/2":
            return redirecting(request)
        return response(b"later", status="503 Busy") if len(p.requests) < 3 else response(b"hello")

    with Peer(answering(answer)) as p:
        run("--retry", "1", "--retry-delay", "0.01", "-e", "first;auto", p.url("/2")).expect(out=[line(5, p.url("/2"))])
        assert [q.get("Referer") for q in p.requests] == [["first"], [p.url("/2")]] * 2, [q.fields for q in p.requests]


def test_method_of_redirects():
    """As curl --follow: a method of -X stays, but where the status asks for a GET."""
    for status, method, then in (("302 Found", "PUT", "PUT"), ("303 See Other", "PUT", "GET"), ("301 Moved", "POST", "GET"),
                                 ("307 Temporary", "POST", "POST"), ("303 See Other", "HEAD", "HEAD")):
        with Peer(answering(lambda q: response(b"", "Location: /3\r\n", status) if q.target == "/" else answer(q))) as p:
            run("-X", method, p.url("/"))
            assert [q.method for q in p.requests] == [method, then], (status, [q.method for q in p.requests])


def test_target_and_version_of_redirects():
    with Peer(answering(lambda q: response(b"", "Location: /3\r\n", "302 Found") if len(p.requests) < 2 else answer(q))) as p:
        run("-0", "--request-target", "*", p.url("/")).expect(out=[line(5, p.url("/"))])
        assert [q.first for q in p.requests] == ["GET * HTTP/1.0"] * 2


def test_http_1_0_and_a_server_that_closes():
    def serve(conn):
        conn.request()
        conn.send(b"HTTP/1.0 200 OK\r\n\r\nhello")

    with Peer(serve) as p:
        run("-0", p.url("/a"), p.url("/b")).expect(out=[line(5, p.url("/a")), line(5, p.url("/b"))])


def test_path_as_is_in_redirects():
    with Peer(answering(lambda q: response(b"", "Location: /a/../3\r\n", "302 Found") if q.target == "/" else answer(q))) as p:
        run("--path-as-is", p.url("/")).expect(out=[line(5, p.url("/"))])
        run(p.url("/")).expect(out=[line(5, p.url("/"))])
        assert [q.target for q in p.requests] == ["/", "/a/../3", "/", "/3"]
