"""-v, -vv, --trace, --trace-ascii, --trace-time, --trace-ids, --stderr: what is told of what happens, beside curl."""
import re
import subprocess

from harness import Failed, Peer, answering, by_path, environment, line, read_file, response, run, temp_dir

AGENT = ["-A", "same/1"]
STAMP = r"\d\d:\d\d:\d\d\.\d{6} "


def bytes_of(request):
    """Bodies with all bytes, line ends at the width of a line, and redirects."""
    if request.target == "/go":
        return response(b"gone\r\n", "Location: /all\r\n", "302 Found")
    if request.target == "/ends":
        return response(b"a" * 64 + b"\r\n" + b"b" * 63 + b"\r\n" + b"c" * 65 + b"\r\n\r\nd\r\n")
    return response(bytes(range(256)), "X-Name: value\r\n")


def curl(*args):
    return subprocess.run(["curl", "-sL", "-o", "/dev/null", *AGENT, *args], env=environment(), timeout=30, check=False)


def dumped(path, number=None):
    """The lines of a dump but for the remarks; with number, each less its transfer's, which it must have."""
    lines = read_file(path).decode().splitlines()
    if number is not None:
        wrong = [x for x in lines if not x.startswith(f"[{number}] ")]
        assert not wrong, wrong
        lines = [x[len(f"[{number}] "):] for x in lines]
    return [x for x in lines if not x.startswith(("== Info", "* "))]


def test_dumps():
    differ = []
    folder = temp_dir()
    with Peer(answering(bytes_of)) as p:
        for option in ("--trace", "--trace-ascii"):
            for args in (["/all"], ["/ends"], ["/go"], ["/all", "-d", "x=y\r\nz" + "w" * 80],
                         ["/all", "-H", "Authorization: Bearer secret"]):
                url, options = p.url(args[0]), args[1:]
                curl(option, folder + "/theirs", *options, url)
                r = run("-s", *AGENT, option, folder + "/ours", *options, url)
                r.check(r.code == 0 and len(r.lines) == 1, "success")
                theirs, ours = dumped(folder + "/theirs"), dumped(folder + "/ours", 1)
                if theirs != ours:
                    differ.append(f"{option} {args}:\n" + "\n".join(theirs) + "\n---\n" + "\n".join(ours))
    if differ:
        raise Failed("afetch and curl", "the same dumps", "\n".join(differ))


def test_the_dumps_of_many():
    """Each line tells whose it is, and those of one transfer make its dump."""
    folder = temp_dir()
    with Peer(answering(bytes_of)) as p:
        urls = [p.url(f"/all?{i:02}") for i in range(20)]
        for mode in ([], ["--threads"], ["--sync"]):
            run(*mode, "-s", *AGENT, "--trace-ascii", folder + "/many", *urls).expect(
                out=[line(256, u) for u in urls], total=False)
            lines = read_file(folder + "/many").decode().splitlines()
            wrong = [x for x in lines if not re.match(r"\[\d+\] ", x)]
            assert not wrong, wrong
            curl("--trace-ascii", folder + "/one", urls[7])
            one = [x for x in dumped(folder + "/one") if "?" not in x]
            ours = [x[4:] for x in lines if x.startswith("[8] ") and "?" not in x and not x.startswith("[8] * ")]
            assert ours == one, (ours, one)


def test_where_dumps_go():
    with Peer(answering(by_path)) as p:
        for to, stream in (("-", "out"), ("%", "err")):
            r = run("-s", "--trace-ascii", to, p.url("/5"))
            text = getattr(r, stream).decode()
            r.check(r.code == 0 and "[1] <= Recv data, 5 bytes (0x5)\n[1] 0000: xxxxx\n" in text, "the dump on std" + stream)
        r = run("--trace", "/nowhere/t", p.url("/5"))
        r.check(r.code == 23 and "--trace: /nowhere/t cannot be written" in r.err.decode(), "23")
        r = run("--trace", "x", "--compare", p.url("/5"))
        r.check(r.code == 2 and "--trace does not go with --compare" in r.err.decode(), "a usage error")


def test_verbose():
    """As curl's, with numbers, and secrets masked; a header of any length is whole."""
    def answer(_):
        return response(b"hello", "Set-Cookie: a=secret\r\nLocation: http://u:secret@h/\r\nX-Long: " + "y" * 3000 + "\r\n")

    with Peer(answering(answer)) as p:
        for mode in ([], ["--threads"], ["--sync"]):
            r = run(*mode, "-sv", *AGENT, "-H", "Authorization: Bearer secret", "-d", "x=1", p.url("/"))
            lines = r.err.decode().splitlines()
            r.check(all(x.startswith("[1] ") for x in lines) and b"secret" not in r.err, "numbers, and no secret")
            sent = [x[4:] for x in lines if x[4] == ">"]
            received = [x[4:] for x in lines if x[4] == "<"]
            assert sent[0] == "> POST / HTTP/1.1" and sent[-1] == "> ", sent
            assert "> Authorization: (masked)" in sent, sent
            assert received[0] == "< HTTP/1.1 200 OK" and received[-1] == "< ", received
            assert "< X-Long: " + "y" * 3000 in received and "< Set-Cookie: (masked)" in received, received
            assert [x for x in lines if x[4] in "{}"] == ["[1] } [3 bytes data]", "[1] { [5 bytes data]"], lines


def test_times_and_connections():
    with Peer(answering(by_path)) as p:
        for args, start in ((["-vv"], STAMP + r"\[\d-(\d|x)\] "), (["-v", "--trace-time"], STAMP + r"\[\d\] "),
                            (["-v", "--trace-ids"], r"\[\d-(\d|x)\] "), (["-v", "-v"], r"\[\d\] "),
                            (["-vv", "-v"], r"\[\d\] ")):
            r = run("-s", "-P1", *args, p.url("/1"), p.url("/2"))
            lines = r.err.decode().splitlines()
            wrong = [x for x in lines if not re.match(start + r"[*<>{}] ", x)]
            r.check(lines and not wrong, f"{start} before all lines, not {wrong}")
        r = run("-s", "-P1", "--trace-ids", "-v", p.url("/1"), p.url("/2"))
        r.check(b"[1-1] > GET /1" in r.err and b"[2-1] > GET /2" in r.err, "the connection that both used")
        r = run("-s", "-vvv", p.url("/5"))
        r.check(re.search(rb"^\S+ \[1-1\] <= Recv data, 5 bytes \(0x5\)\n\[1-1\] 0000: xxxxx$", r.err, re.M), "a dump")
        r = run("-v", "--no-verbose", p.url("/5"))
        r.check(r.errors == [], "nothing but the total")
        folder = temp_dir()
        r = run("--trace", folder + "/t", "-v", p.url("/5"))
        r.check("-v takes the place of --trace" in r.errors[0], "a warning")


def test_stderr():
    folder = temp_dir()
    with Peer(answering(lambda q: response(b"", status="404 Not Found"))) as p:
        path = folder + "/err"
        r = run("-v", "--stderr", path, p.url("/"))
        text = read_file(path).decode()
        r.check(r.code == 22 and r.err == b"" and "[1] < HTTP/1.1 404 Not Found\n" in text and "\ntotal: 0 bytes" in text,
                "all in the file")
        r = run("--stderr", "-", p.url("/"))
        r.check(r.code == 22 and r.err == b"" and r.out.startswith(b"afetch: ") and b"\ntotal: " in r.out, "on standard output")
        r = run("--stderr", "/nowhere/x", p.url("/"))
        r.check(r.code == 22 and "warning: --stderr: /nowhere/x cannot be written" in r.errors[0], "a warning")
