"""Which statuses fail, what is kept of them, and the exit status; beside curl where it has the same options."""
import gzip
import os
import subprocess

from harness import Peer, answering, environment, failure, line, read_file, response, run, temp_dir, write_file

BODY = b"why it did not work"
MODES = ([], ["--sync"], ["--threads"])


def by_status(request):
    """/404: a response of that status."""
    code = request.target[1:4]
    if code in ("204", "304"):
        return response(b"", status=code + " Empty", length=False)
    return response(BODY, status=code + " Word")


def served():
    return Peer(answering(by_status))


def test_exit_status_as_curls():
    with served() as p:
        for code in (200, 204, 301, 304, 399, 400, 401, 404, 429, 500, 503, 599):
            for options in (["-f"], ["--fail-with-body"]):
                args = [*options, p.url(f"/{code}")]
                curl = subprocess.run(["curl", "-s", "-o", "/dev/null", *args], env=environment()).returncode
                r = run(*args)
                assert r.code == curl, (args, curl, str(r))
            r = run("--no-fail", p.url(f"/{code}"))
            r.expect(out=[line(0 if code in (204, 304) else len(BODY), p.url(f"/{code}"))])


def test_no_fail_keeps_the_body():
    with served() as p:
        for mode in MODES:
            folder = temp_dir()
            run(*mode, "--no-fail", "-o", folder + "/#1", p.url("/{404,500}")).expect(
                out=[line(len(BODY), p.url(x)) for x in ("/404", "/500")])
            assert read_file(folder + "/404") == read_file(folder + "/500") == BODY


def test_fail_with_body():
    """It fails as otherwise, but its file is there; the good one too."""
    with served() as p:
        for mode in MODES:
            folder = temp_dir()
            run(*mode, "--fail-with-body", "-o", folder + "/#1", p.url("/{404,200,503}")).expect(
                code=22, out=[line(len(BODY), p.url("/200"))],
                err=[failure(p.url("/404"), "the server answered with an error: 404 Word"),
                     failure(p.url("/503"), "the server answered with an error: 503 Word")])
            assert sorted(os.listdir(folder)) == ["200", "404", "503"], os.listdir(folder)
            assert read_file(folder + "/404") == read_file(folder + "/200") == read_file(folder + "/503") == BODY
            # And without a file.
            run(*mode, "--fail-with-body", p.url("/404")).expect(code=22, err=[failure(p.url("/404"), ".*404 Word")])


def test_a_failure_keeps_no_body_otherwise():
    with served() as p:
        for options in ([], ["-f"], ["--fail-with-body", "-f"], ["--accept-status", "200"]):
            folder = temp_dir()
            write_file(folder + "/out", "old")
            run(*options, "-o", folder + "/out", p.url("/404")).expect(code=22, err=[failure(p.url("/404"))])
            assert read_file(folder + "/out") == b"old"
            assert os.listdir(folder) == ["out"]


def test_a_large_failure_with_its_body():
    """More than is read past of a body that nobody wants."""
    big = b"x" * 3_000_000
    with Peer(answering(lambda q: response(big, status="500 Oh"))) as p:
        for mode in MODES:
            folder = temp_dir()
            run(*mode, "--fail-with-body", "-o", folder + "/out", p.url("/x")).expect(code=22, err=[failure(p.url("/x"), ".*500 Oh")])
            assert read_file(folder + "/out") == big


def test_a_coded_failure_with_its_body():
    coded = gzip.compress(BODY)
    with Peer(answering(lambda q: response(coded if q.target == "/x" else coded[:-9], "Content-Encoding: gzip\r\n", "500 Oh"))) as p:
        folder = temp_dir()
        run("--compressed", "--fail-with-body", "-o", folder + "/#1", p.url("/{x,cut}")).expect(
            code=123, err=[failure(p.url("/x"), ".*500 Oh"), failure(p.url("/cut"), "bad content encoding.*")])
        assert os.listdir(folder) == ["x"] and read_file(folder + "/x") == BODY


def test_a_failures_body_that_is_cut():
    """What went wrong is told, and no half of a file is left."""
    def serve(conn):
        conn.request()
        conn.send(b"HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\nhalf")

    with Peer(serve) as p:
        folder = temp_dir()
        run("--fail-with-body", "-o", folder + "/out", p.url("/x")).expect(code=18, err=[failure(p.url("/x"), "transfer ended early.*")])
        assert os.listdir(folder) == [], os.listdir(folder)


def test_a_failures_body_that_cannot_be_written():
    with served() as p:
        run("--fail-with-body", "-o", "/dev/full", p.url("/404")).expect(code=23, err=[failure(p.url("/404"), ".*No space left.*")])


def test_accept_status():
    """These alone are a success, and written as one."""
    with served() as p:
        for mode in MODES:
            folder = temp_dir()
            run(*mode, "--accept-status", "201-299,404", "-o", folder + "/#1", p.url("/{200,201,204,299,300,404,500}")).expect(
                code=22, out=[line(0 if x == "204" else len(BODY), p.url("/" + x)) for x in ("201", "204", "299", "404")],
                err=[failure(p.url("/200"), "the server answered with an error: 200 Word, which is not to be accepted"),
                     failure(p.url("/300"), ".*300 Word, which is not to be accepted"), failure(p.url("/500"), ".*500 Word")])
            assert sorted(os.listdir(folder)) == ["201", "204", "299", "404"], os.listdir(folder)
        run("--accept-status", "100-999", p.url("/500")).expect(out=[line(len(BODY), p.url("/500"))])
        # The last one holds.
        run("--accept-status", "404", "--accept-status=200", p.url("/404")).expect(code=22, err=[failure(p.url("/404"))])


def test_accept_status_with_bodies():
    with served() as p:
        folder = temp_dir()
        run("--accept-status", "404", "--fail-with-body", "-o", folder + "/#1", p.url("/{200,404}")).expect(
            code=22, out=[line(len(BODY), p.url("/404"))], err=[failure(p.url("/200"))])
        assert read_file(folder + "/200") == read_file(folder + "/404") == BODY


def test_accept_status_and_redirects():
    """A redirect is followed, and the status where it ends counts; where it is not followed, its own does."""
    def answer(request):
        return response(b"", "Location: /404\r\n", "302 There") if request.target == "/302" else by_status(request)

    with Peer(answering(answer)) as p:
        url = p.url("/302")
        run("--accept-status", "302", url).expect(code=22, err=[failure(url, ".*404 Word")])
        run("--accept-status", "404", url).expect(out=[line(len(BODY), url)])
        run("--accept-status", "302", "--no-location", url).expect(out=[line(0, url)])
        run("--accept-status", "200", "--no-location", url).expect(code=22, err=[failure(url, ".*302 There, .*")])


def test_retries():
    """A status that may pass is tried again whether or not it fails in the end; the last one's body is kept."""
    def answer(request):
        return response(f"try {len(p.requests)}".encode(), status="503 Busy")

    fast = ["--retry", "2", "--retry-delay", "0.01"]
    for options, code, tries, body in ((["--fail-with-body"], 22, 3, b"try 3"), (["--no-fail"], 0, 3, b"try 3"), ([], 22, 3, None),
                                       (["--accept-status", "503"], 0, 1, b"try 1"),
                                       (["--accept-status", "503", "--retry-on-http-error", "503"], 0, 3, b"try 3")):
        with Peer(answering(answer)) as p:
            folder = temp_dir()
            r = run(*fast, *options, "-o", folder + "/out", p.url("/x"))
            r.check(r.code == code, f"exit status {code} with {options}")
            assert len(p.requests) == tries, (options, len(p.requests))
            assert (read_file(folder + "/out") if os.path.exists(folder + "/out") else None) == body, (options, os.listdir(folder))


def test_the_rest_of_a_broken_body_is_a_success_too():
    """Of a list that names 200, the 206 of our own going on is none to refuse."""
    def serve(conn):
        q = conn.request()
        if q is None:
            return
        if q.get("Range"):
            conn.send(b'HTTP/1.1 206 Part\r\nETag: "a"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789')
        else:
            conn.send(b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 10\r\n\r\n01234')

    with Peer(serve) as p:
        folder = temp_dir()
        run("--accept-status", "200", "--retry", "2", "--retry-delay", "0.01", "--retry-all-errors", "-o", folder + "/out",
            p.url("/x")).expect(out=[line(10, p.url("/x"))])
        assert read_file(folder + "/out") == b"0123456789"
