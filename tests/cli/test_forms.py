"""-F: forms, beside curl against the same server; what they are made of byte for byte is tests/unit/test_multipart.c's."""
import os
import re
import threading

from harness import Config, Peer, Skip, failure, line, read_file, response, run, start, temp_dir, write_file
from test_answers import ENDLESS, large
from test_bodies import Recorder, Seen, compare
from test_uploads import redirecting

CASES = [
    ["-F", "a=b"], ["--form", "a=b", "-F", "c=d e;type=x/y"], ["-F", "a="], ["-F", "=b"], ["--form-string", "a=@b;type=c", "--form-string", "d=<e"],
    ["-F", "a=@lines"], ["-F", "a=@lines;filename=n m.txt;type=q/r"], ["-F", "a=<lines"], ["-F", "a=@lines,bytes"], ["-F", "a=@empty"],
    ["-F", "a=@lines", "-F", "a=@bytes", "-F", "b=c"], ["-F", "a=@large;type=image/png"], ["-F", "a=@-"], ["-F", "a=<-"], ["-F", "a=@-;filename=x"],
    ["-F", "a=b;encoder=base64", "-F", "c=@bytes;encoder=base64", "-F", "d=@bytes;encoder=quoted-printable"],
    ["-F", "n\"a\\m\ne=b"], ["--form-escape", "-F", "n\"am\\e=b"], ["-F", "a=(;type=multipart/alternative", "-F", "=x", "-F", "=<b>x</b>;type=text/html", "-F", "=)"],
    ["-F", "a=b;headers=\"X-Y: z\""], ["-F", "a=b", "-X", "PUT"], ["-F", "a=b", "-H", "Content-Type: multipart/mixed"],
    ["-F", "a=b", "-H", "X: y", "-H", "Accept:"], ["-F", "a=b", "-0"], ["-F", "a=b", "-H", "Transfer-Encoding: chunked"], ["-F", "a=b", "-H", "Expect: 100-continue"],
    ["-F", "a=b", "{url}/1", "{url}/2"], ["-F", "a=b", "--url-query", "c=d"], ["-F", "a=@/dev/null"],
]


class Plain(Seen):
    """Boundaries have numbers in place of their names, and lengths are those of what follows."""

    def __init__(self, seen):
        names = re.findall(rb"boundary=([^\r\n;]+)", seen.request.head + b"\r\n" + seen.body)
        self.request, self.chunked, self.names = seen.request, seen.chunked, names
        self.body = self.plain(seen.body)
        length = seen.request.get("Content-Length")
        assert not length or int(length[0]) == len(seen.body), (length, len(seen.body))

    def plain(self, data):
        for i, name in enumerate(self.names):
            data = data.replace(name, b"B%d" % i)
        return data

    def head(self):
        return re.sub(rb"\r\nContent-Length: \d+", b"", self.plain(super().head()))


def test_forms_as_curl_sends_them():
    compare(CASES, view=Plain, options=["--sync"])


def test_a_form_for_every_url():
    """Made once: the same boundary for all, in every mode."""
    folder = temp_dir()
    path = write_file(os.path.join(folder, "f"), os.urandom(200_000))
    for mode in ([], ["--sync"], ["--threads"]):
        with Recorder() as p:
            urls = [p.url(f"/{i}") for i in range(20)]
            run(*mode, "-F", "f=@" + path, "-F", "g=@" + path, "-F", "x=y", *urls).expect(out=[line(5, u) for u in urls])
            assert len({(s.body, s.request.get("Content-Type")[0]) for s in p.seen}) == 1 and len(p.seen) == 20
            assert p.seen[0].body.count(read_file(path)) == 2


def test_sent_again():
    folder = temp_dir()
    path = write_file(os.path.join(folder, "f"), os.urandom(200_000))
    with Recorder(redirecting()) as p:
        run("-F", "f=@" + path, p.url("/f")).expect(out=[line(5, p.url("/f"))])
        assert len({s.body for s in p.seen}) == 1 and len(p.seen) == 2
    with Recorder(redirecting("302 Found")) as p:
        run("-F", "f=@" + path, p.url("/f")).expect(out=[line(5, p.url("/f"))])
        assert [s.request.method for s in p.seen] == ["POST", "GET"]
    with Recorder(lambda seen: response(b"x", status="503 Busy") if len(p.seen) < 3 else response(b"hello")) as p:
        run("--retry", "3", "--retry-delay", "0.01", "-F", "f=@" + path, "-F", "a=b", p.url("/f")).expect(out=[line(5, p.url("/f"))])
        assert len({s.body for s in p.seen}) == 1 and len(p.seen) == 3


def test_a_refusal_ends_the_sending():
    def serve(conn):
        if conn.request():
            conn.send(response(b"no", status="413 Too Large"))
            conn.await_end()

    for options in ([], ["-H", "Expect:"]):
        with Peer(serve) as p:
            r = run(*options, "-F", "f=" + large(ENDLESS), p.url())
            r.expect(code=22, err=[failure(p.url(), ".*413 Too Large")])


def test_a_pipe_in_a_form():
    """Its length is not known: sent in chunks, and once only."""
    folder = temp_dir()
    path = os.path.join(folder, "fifo")
    os.mkfifo(path)

    def write():
        with open(path, "wb") as f:
            f.write(b"through the pipe")

    for answer, code in ((lambda seen: response(b"hello"), 0), (redirecting(), 65)):
        threading.Thread(target=write, daemon=True).start()
        with Recorder(answer) as p:
            r = run("-F", "a=b", "-F", "f=@" + path, p.url("/x"))
            r.check(r.code == code, f"exit status {code}")
            assert p.seen[0].chunked and b"through the pipe" in p.seen[0].body and len(p.seen) == 1


def test_a_pipe_and_files_in_a_form():
    folder = temp_dir()
    pipe = os.path.join(folder, "pipe")
    os.mkfifo(pipe)
    path = write_file(os.path.join(folder, "f"), "of the file")
    thread = threading.Thread(target=lambda: write_file(pipe, "of the pipe"), daemon=True)
    thread.start()
    with Recorder(lambda seen: response(b"hello")) as p:
        run("-F", "a=@" + pipe, "-F", "b=@" + path, p.url("/x")).expect(out=[line(5, p.url("/x"))])
        body = p.seen[0].body
        assert body.find(b"of the pipe") < body.find(b"of the file") and b"of the pipe" in body, body


def test_memory_is_constant():
    if Config.sanitized:
        raise Skip("memory is a sanitizer's")
    path = os.path.join(temp_dir(), "huge")
    with open(path, "wb") as f:
        f.truncate(100 << 20)

    def serve(conn):
        request = conn.request()
        conn.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        left = int(request.get("Content-Length")[0]) - len(conn.buffer)
        while left:
            left -= len(conn.sock.recv(1 << 20))
        peaks.append(f.peak_memory())
        conn.send(response(b"hello"))

    peaks = []
    with Peer(serve) as p:
        f = start("-F", "f=@" + path, p.url("/x"))
        f.wait().expect(out=[line(5, p.url("/x"))])
    assert peaks[0] < 24 << 20, peaks


def test_what_cannot_be_read():
    """Nothing is fetched."""
    folder = temp_dir()
    for what, why in ((folder + "/nowhere", "No such file or directory"), (folder, "Is a directory")):
        run("-F", "a=b", "-F", "f=@" + what, "http://127.0.0.1:1/").expect(
            code=26, err=[f"afetch: .*-F: {what}: {why}"], total=False)


def test_usage():
    for args, says in ((["-F", "a"], '"a" is no name=content'), (["-F", "a=b", "-d", "x"], "-F and -d contradict each other"),
                       (["-F", "a=b", "-I"], "-F and -I contradict each other"), (["-F", "a=b", "-T", "x"], "-T and -F contradict each other"),
                       (["-F", "a=@-", "-F", "b=@-"], "-F reads standard input, but -F does so already"), (["-F", "=)"], "not begun"),
                       (["--compare", "-F", "a=b"], "--form does not go with --compare")):
        r = run(*args, "http://127.0.0.1:1/")
        r.check(r.code == 2 and says in r.err.decode(), f"exit status 2, and {says}")
