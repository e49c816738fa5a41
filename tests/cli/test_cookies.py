"""Cookies: -b, -c, -j, beside curl where it has the same rules."""
import os
import re
import signal
import stat
import subprocess
import threading

from harness import (Dns, Failed, Peer, answering, environment, failure, line, read_file, response, run, start, temp_dir, world,
                     write_file)

HEADER = "# Netscape HTTP Cookie File\n# Written by afetch. Edit at your own risk.\n\n"


def by_target(request):
    """/set/COOKIE,COOKIE sets them ("+" is a blank), /404/… likewise, /to/URL leads there and sets r, /401 asks for Digest."""
    kind, _, rest = request.target[1:].partition("/")
    cookies = "".join(f"Set-Cookie: {c}\r\n" for c in rest.replace("+", " ").split(","))
    if kind == "to":
        return response(b"", f"Set-Cookie: r=1; path=/\r\nLocation: {rest}\r\n", "302 Found")
    if kind == "401" and not request.get("Authorization"):
        return response(b"no", "Set-Cookie: a=401\r\nWWW-Authenticate: Digest realm=a, nonce=b\r\n", "401 No")
    return response(b"hello", cookies if kind in ("set", "404") else "", "404 Not Found" if kind == "404" else "200 OK")


FILES = {
    "one": "127.0.0.1\tFALSE\t/\tFALSE\t0\tfile\tone\n127.0.0.1\tFALSE\t/\tFALSE\t4000000000\tkept\ttwo\n",
    "two": "127.0.0.1\tFALSE\t/\tFALSE\t0\tfile\ttwo\n#HttpOnly_127.0.0.1\tFALSE\t/x\tFALSE\t0\thttp\t1\n",
    "heads": "HTTP/1.1 200 OK\r\nSet-Cookie: head=1; Domain=127.0.0.1\r\n\r\nX: y\r\n",
    "odd": "# comment\n\nno cookie\n127.0.0.1\tFALSE\t/\tFALSE\t100\told\t1\nelse.where\tFALSE\t/\tFALSE\t0\tx\t1\n"
           "127.0.0.1\tFALSE\t/\tTRUE\t0\tsecure\t1\n127.0.0.1\tFALSE\t/y\tFALSE\t0\tpath\t1\n",
}

# {1} and {2} are two servers.
CASES = [
    ["-b", "a=1", "{1}/"], ["-b", "a=1; b=2", "{1}/"], ["-b", "a=1", "-b", "b=2", "{1}/"], ["-b", "a=1;", "-b", " b=2", "{1}/"],
    ["-b", "a=", "{1}/"], ["-b", "=", "{1}/"], ["--cookie", "é=ü", "{1}/"],
    ["-b", "one", "{1}/"], ["-b", "@one", "{1}/"], ["-b", "one", "-b", "two", "{1}/x"], ["-b", "one", "-b", "m=1", "{1}/"],
    ["-b", "m=1", "-b", "one", "-b", "n=2", "{1}/"], ["-b", "one", "-j", "{1}/"], ["-j", "-b", "one", "{1}/"], ["-b", "heads", "{1}/"],
    ["-b", "odd", "{1}/x"], ["-b", "odd", "{1}/y/z"], ["-b", "none", "{1}/"], ["-b", "", "{1}/"], ["-b", ".", "{1}/"],
    ["-b", "-", "{1}/"], ["-b", "one", "-b", "-", "{1}/"],
    # what is set, in turn
    ["-b", "", "{1}/set/x=1", "{1}/set/y"], ["-b", "none", "{1}/set/x=1;path=/", "{1}/y"], ["-b", "m=1", "{1}/set/x=1;path=/", "{1}/y"],
    ["-b", "", "-b", "m=1", "{1}/set/x=1;path=/", "{1}/y"], ["-j", "{1}/set/x=1;path=/", "{1}/y"],
    ["-c", "jar", "{1}/set/x=1;path=/", "{1}/y"], ["-c", "jar", "-b", "one", "{1}/"], ["-c", "jar", "-b", "one", "-j", "{1}/set/x=1;path=/"],
    ["-c", "jar", "{1}/"], ["-c", "jar", "-b", "a=1", "{1}/"], ["-c", "jar", "{1}/404/x=1;path=/"], ["-c", "jar", "-b", "one", "{1}/404/x=1;path=/"],
    ["-c", "jar", "{1}/set/x=1;path=/,x=2;path=/,y=3;path=/a", "{1}/set/x=;Max-Age=0;path=/", "{1}/a"],
    ["-c", "jar", "{1}/set/x=1;path=/;expires=Wed+01-Jan-2020+00:00:00+GMT,y=1;path=/", "{1}/"], ["-c", "jar", "-b", "jar", "{1}/set/x=1;path=/"],
    ["-c", "jar", "{1}/set/x=1;path=/;secure,__Secure-a=1;path=/,__Host-b=1;path=/;secure,y=2;path=/;HttpOnly"],
    ["-c", "jar", "--digest", "-u", "a:b", "{1}/401"], ["-c", "jar", "{1}/to//x"], ["-c", "jar", "{1}/to/{2}/x"],
    ["-c", "jar", "{1}/to/{2}/set/x=2;path=/"], ["-b", "m=1", "{1}/to//x"], ["-b", "m=1", "--location-trusted", "{1}/to/{2}/x"],
    # beside headers
    ["-b", "m=1", "-H", "Cookie: h=1", "{1}/"], ["-b", "one", "-H", "Cookie: h=1", "{1}/"], ["-b", "one", "-H", "Cookie:", "{1}/"],
    ["-b", "one", "-b", "m=1", "-H", "Cookie: h=1", "{1}/"], ["-b", "one", "-b", "m=1", "-H", "Cookie;", "{1}/"],
    ["-b", "m=1", "-H", "Cookie:", "{1}/"], ["-c", "jar", "-H", "Host: foo.example", "{1}/set/x=1;path=/", "{1}/y"],
    ["-c", "jar", "-H", "Host: Foo.Example:80", "{1}/set/x=1;path=/;Domain=foo.example,y=1;Domain=bar.example", "{1}/y"],
    ["-b", "a=1", "-e", "r", "-H", "X: y", "-d", "z", "{1}/"], ["-b", "a=1", "--compressed", "-e", "r", "-u", "m:n", "{1}/"],
]


def cookies_of(value):
    """In any order: curl 7.88 has another one where paths are equal."""
    return "; ".join(sorted(value.split("; ")))


def seen(peer):
    found = []
    for q in peer.requests:
        head = re.sub("\r\nUser-Agent: (curl|afetch)/[^\r]*", "", q.head.decode("latin-1"))
        head = re.sub("\r\nAccept-Encoding: [^\r]*", "\r\nAccept-Encoding:", head)
        head = re.sub('(?<=Authorization: Digest )[^\r]*', "", head)
        found.append(re.sub("(?<=\r\nCookie: )[^\r]*", lambda m: cookies_of(m[0]), head))
    del peer.requests[:]
    return found


def jar(path):
    """The lines of a file that hold cookies; None without it."""
    if not os.path.exists(path):
        return None
    lines = read_file(path).decode().split("\n")
    return sorted(x for x in lines if x.strip() and not x.startswith("# "))


def test_as_curl_has_them():
    """The bytes of every request, the exit status, and the jar."""
    folder = temp_dir()
    for name, text in FILES.items():
        write_file(os.path.join(folder, name), text)
    differ = []
    with Peer(answering(by_target)) as one, Peer(answering(by_target)) as two:
        ports = {"{1}": one.url(""), "{2}": two.url("")}
        for case in CASES:
            args = [re.sub(r"\{\d\}", lambda m: ports[m[0]], a) for a in case]
            stdin = b"127.0.0.1\tFALSE\t/\tFALSE\t0\tfrom\tstdin\n" if "-" in case else b""
            urls = sum("://" in a for a in args)
            code = subprocess.run(["curl", "-sfLg", *["-o", "/dev/null"] * urls, *args], env=environment(), cwd=folder, timeout=30,
                                  input=stdin, check=False).returncode
            theirs = [code, seen(one), seen(two), jar(folder + "/jar")]
            write_file(folder + "/jar", "")
            os.unlink(folder + "/jar")
            r = run("-P1", "-g", *args, cwd=folder, stdin=stdin)
            ours = [r.code, seen(one), seen(two), jar(folder + "/jar")]
            if ours[3] is not None:
                os.unlink(folder + "/jar")
            if ours != theirs:
                differ.append(f"{case}:\n  curl   {theirs}\n  afetch {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same heads, exit status and jar", "\n".join(differ))


# ---- whose they are -----------------------------------------------------------------------------------------------------

def test_domains_and_public_suffixes():
    """What a host may set, and who is sent it: names that a name server of the test has."""
    names = ("www.shop.co.uk", "api.shop.co.uk", "shop.co.uk", "other.co.uk", "shop.github.io", "else.github.io")
    with Dns({n: ["127.0.0.1"] for n in names}) as dns, Peer(answering(by_target)) as p:
        urls = lambda *places: [f"http://{place.split('/')[0]}:{p.port}/{place.partition('/')[2]}" for place in places]
        folder = temp_dir()
        where = urls("www.shop.co.uk/set/a=1;path=/,b=2;path=/;Domain=shop.co.uk,c=3;Domain=co.uk,d=4;Domain=other.co.uk,e=5;Domain=uk",
                     "api.shop.co.uk/", "shop.co.uk/", "other.co.uk/", "www.shop.co.uk/",
                     "shop.github.io/set/x=1;path=/;Domain=github.io,y=2;path=/", "else.github.io/", "shop.github.io/")
        run("-P1", "--dns-servers", dns.server, "-c", folder + "/jar", *where).expect(out=[line(5, u) for u in where])
        sent = [(q.get("Host")[0].split(":")[0], [cookies_of(c) for c in q.get("Cookie")]) for q in p.requests]
        assert sent == [("www.shop.co.uk", []), ("api.shop.co.uk", ["b=2"]), ("shop.co.uk", ["b=2"]), ("other.co.uk", []),
                        ("www.shop.co.uk", ["a=1; b=2"]), ("shop.github.io", []), ("else.github.io", []),
                        ("shop.github.io", ["y=2"])], sent
        assert read_file(folder + "/jar").decode() == HEADER + (
            ".shop.co.uk\tTRUE\t/\tFALSE\t0\tb\t2\nshop.github.io\tFALSE\t/\tFALSE\t0\ty\t2\nwww.shop.co.uk\tFALSE\t/\tFALSE\t0\ta\t1\n")


def test_secure_ones():
    """Set over TLS, sent over TLS; one of plain http may not take the place of one of these."""
    with Dns({"shop.example": ["127.0.0.1"]}) as dns, Peer(answering(by_target)) as plain, \
            Peer(answering(by_target), tls=world.tls_context()) as safe:
        def url(peer, path):
            return peer.url(path, host="shop.example")
        urls = [url(safe, "/set/s=1;path=/;secure,__Host-h=1;path=/;secure,p=1;path=/"), url(plain, "/"),
                url(plain, "/set/s=2;path=/,t=1;path=/;secure,__Secure-u=1;path=/;secure"), url(safe, "/")]
        run("-P1", "-k", "--dns-servers", dns.server, "-b", "", *urls).expect(out=[line(5, u) for u in urls])
        assert [q.get("Cookie") for q in plain.requests] == [["p=1"], ["p=1"]], [q.fields for q in plain.requests]
        assert [cookies_of(q.get("Cookie")[0]) for q in safe.requests[1:]] == ["__Host-h=1; p=1; s=1"]


def test_given_ones_stay_with_their_origin():
    """Differs: curl sends -b NAME=VALUE to wherever redirects lead."""
    with Peer(answering(by_target)) as other, Peer(answering(by_target)) as first:
        url = first.url(f"/to/{other.url('/to/' + first.url('/x'))}")
        run("-b", "m=1", url).expect(out=[line(5, url)])
        assert [q.get("Cookie") for q in first.requests] == [["m=1"]] * 2 and other.requests[0].get("Cookie") == []


# ---- many, and again ----------------------------------------------------------------------------------------------------

def test_many_at_once():
    folder = temp_dir()
    with Peer(answering(by_target)) as p:
        urls = [p.url(f"/set/c{i}={i};path=/") for i in range(200)]
        run("-P", "32", "-c", folder + "/jar", *urls).expect(out=[line(5, u) for u in urls])
        kept = {x.split("\t")[5]: x.split("\t")[6] for x in jar(folder + "/jar")}
        assert kept == {f"c{i}": str(i) for i in range(200)}, sorted(kept)
        for q in p.requests:
            for pair in "".join(q.get("Cookie")).split("; "):
                assert not pair or re.fullmatch(r"c(\d+)=\1", pair), q.fields


def test_of_every_attempt():
    """What a failed try sets, its retry is sent."""
    def answer(request):
        if request.get("Cookie") != ["n=1"]:
            return response(b"later", "Set-Cookie: n=1\r\n", "503 Busy")
        return response(b"hello")

    with Peer(answering(answer)) as p:
        run("--retry", "1", "--retry-delay", "0.01", "-b", "", p.url()).expect(out=[line(5, p.url())])
        assert len(p.requests) == 2


def test_files_that_curl_reads_and_writes():
    folder = temp_dir()
    with Peer(answering(by_target)) as p:
        url = p.url("/set/a=1;path=/,b=2;path=/x;HttpOnly,c=3;path=/;Max-Age=1000")
        run("-c", "jar", url, cwd=folder).expect(out=[line(5, url)])
        for path in ("/", "/x/y"):
            for program in ("curl", "afetch"):
                if program == "curl":
                    subprocess.run(["curl", "-s", "-b", "jar", "-c", "again", p.url(path)], cwd=folder, env=environment(), check=True,
                                   stdout=subprocess.DEVNULL)
                else:
                    run("-b", "again", "-c", "third", p.url(path), cwd=folder)
        sent = [cookies_of(q.get("Cookie")[0]) for q in p.requests[1:]]
        assert sent == ["a=1; c=3"] * 2 + ["a=1; b=2; c=3"] * 2, sent
        assert jar(folder + "/jar") == jar(folder + "/again") == jar(folder + "/third")


# ---- files ---------------------------------------------------------------------------------------------------------------

def test_the_file_of_c():
    """New, replaced, through a link, and what is no file; the folder holds nothing else afterwards."""
    folder = temp_dir()
    path = lambda name: os.path.join(folder, name)
    mode = lambda name: stat.S_IMODE(os.stat(path(name)).st_mode)
    with Peer(answering(by_target)) as p:
        url = p.url("/set/x=1;path=/")
        kept = HEADER + "127.0.0.1\tFALSE\t/\tFALSE\t0\tx\t1\n"
        write_file(path("old"), "something", mode=0o604)
        write_file(path("target"), "something", mode=0o640)
        os.symlink("target", path("link"))
        for name in ("new", "old", "link"):
            run("-c", path(name), url).expect(out=[line(5, url)])
            assert read_file(path(name)).decode() == kept
        mask = os.umask(0)
        os.umask(mask)
        assert (mode("new"), mode("old"), mode("target")) == (0o666 & ~mask, 0o604, 0o640)
        assert os.path.islink(path("link"))
        os.mkfifo(path("fifo"))
        got = []
        reader = threading.Thread(target=lambda: got.append(read_file(path("fifo"))))
        reader.start()
        run("-c", path("fifo"), url).expect(out=[line(5, url)])
        reader.join(20)
        assert got == [kept.encode()] and stat.S_ISFIFO(os.stat(path("fifo")).st_mode)
        run("-c", "/dev/null", url).expect(out=[line(5, url)])
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
        for name in ("no/such", "."):
            run("-c", path(name), url).expect(out=[line(5, url)], err=["afetch: warning: the cookies are not saved: .*"], total=None)
        assert sorted(os.listdir(folder)) == ["fifo", "link", "new", "old", "target"]


def test_standard_output():
    """-c -: nothing else is printed there."""
    with Peer(answering(by_target)) as p:
        r = run("-c", "-", p.url("/set/x=1;path=/"), p.url("/404/y=2;path=/"))
        r.check(r.code == 22 and r.out.decode() == HEADER + "127.0.0.1\tFALSE\t/\tFALSE\t0\tx\t1\n127.0.0.1\tFALSE\t/\tFALSE\t0\ty\t2\n",
                "the jar alone")
        r.expect_total(5, 2, 1)


def test_a_run_that_is_stopped():
    """What came until then is kept."""
    folder = temp_dir()
    with Peer(answering(lambda q: by_target(q) if q.target.startswith("/set") else threading.Event().wait(60))) as p:
        r = start("-P1", "-c", folder + "/jar", p.url("/set/x=1;path=/"), p.url("/held"))
        r.await_lines(1)
        p.await_requests(2)
        r.signal(signal.SIGINT)
        result = r.wait()
        result.check(result.code == 130 and jar(folder + "/jar") == ["127.0.0.1\tFALSE\t/\tFALSE\t0\tx\t1"], "the jar")


def test_a_run_that_fails():
    folder = temp_dir()
    run("-c", folder + "/jar", "http://127.0.0.1:1/").expect(code=7, err=[failure("http://127.0.0.1:1/")])
    assert read_file(folder + "/jar").decode() == HEADER


def test_usage():
    with Peer(answering(by_target)) as p:
        for args, says in ((["-b", "a=1\r\nX: y"], "cookies may not hold a line end"), (["-b", "-", "-"], "reads standard input"),
                           (["-c", ""], "empty argument"), (["--compare", "-c", "x"], "--cookie-jar does not go with --compare")):
            r = run(*args, p.url(), stdin=b"")
            r.check(r.code == 2 and says in r.err.decode(), "a usage error: " + says)
        assert not p.requests
        r = run("--compare", "-b", "-", p.url(), stdin=b"127.0.0.1\tFALSE\t/\tFALSE\t0\tfrom\tstdin\n")
        assert r.code == 0 and [q.get("Cookie") for q in p.requests] == [["from=stdin"]] * 3, str(r)


def test_values_are_not_shown():
    with Peer(answering(lambda q: response(b"hello", "Set-Cookie: x=hunter3\r\nSet-Cookie: __Host-y=hunter4\r\n"))) as p:
        r = run("-v", "-b", "m=hunter2", "-c", "/dev/null", p.url())
        text = (r.out + r.err).decode()
        r.check("hunter" not in text and "> Cookie: (masked)" in text and "< Set-Cookie: (masked)" in text, "no value")
        r.check("* A cookie is refused: its name begins with __Secure- or __Host-" in text, "why one was refused")
