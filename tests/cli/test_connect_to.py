"""Where to connect: --resolve, --connect-to, --unix-socket, -4, -6; beside curl where it is the reference."""
import re
import subprocess

from harness import (BlackHole, Config, Dns, Failed, Peer, Skip, answering, by_path, failure, line, need_ipv6, refused_port,
                     response, run, start, temp_dir, wait_until, world)
from proxies import SocksProxy, curl

# Options and a URL; PORT is that of four peers, at 127.0.0.1, 127.0.0.2, ::1 and (OTHER) 127.0.0.1 again.
AS_CURL = [
    # --resolve
    (["--resolve", "a.test:PORT:127.0.0.2"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:127.0.0.2"], "http://A.Test:PORT/"),
    (["--resolve", "A.Test:PORT:127.0.0.2"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:[::1]"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:::1"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:[::1],127.0.0.1"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:127.0.0.1,[::1]"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:127.0.0.9,127.0.0.2"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:,127.0.0.2,,"], "http://a.test:PORT/"),
    (["--resolve", "+a.test:PORT:127.0.0.2"], "http://a.test:PORT/"),
    (["--resolve", "*:PORT:127.0.0.2"], "http://a.test:PORT/"),
    (["--resolve", "*:PORT:127.0.0.2"], "http://127.0.0.1:PORT/"),
    (["--resolve", "*:PORT:127.0.0.2", "--resolve", "a.test:PORT:127.0.0.1"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:127.0.0.1", "--resolve", "*:PORT:127.0.0.2"], "http://a.test:PORT/"),
    (["--resolve", "127.0.0.1:PORT:127.0.0.2"], "http://127.0.0.1:PORT/"),
    (["--resolve", "a.test:PORT:127.0.0.1", "--resolve", "a.test:PORT:127.0.0.2"], "http://a.test:PORT/"),
    (["--resolve", "*:PORT:127.0.0.2", "--resolve", "-*:PORT"], "http://127.0.0.1:PORT/"),
    (["--resolve", "a.invalid:PORT:127.0.0.2", "--resolve", "-a.invalid:PORT"], "http://a.invalid:PORT/"),
    (["--resolve", "a.invalid:1:127.0.0.2"], "http://a.invalid:PORT/"),
    (["--resolve", "a.invalid:PORT:127.0.0.2"], "http://a.invalid.:PORT/"),
    (["--resolve", "a.test:PORT:127.0.0.9"], "http://a.test:PORT/"),
    (["--resolve", "a.test:PORT:127.0.0.2"], "http://user@a.test:PORT/"),
    (["-4", "--resolve", "a.test:PORT:127.0.0.2"], "http://a.test:PORT/"),
    # --connect-to
    (["--connect-to", "a.test:80:127.0.0.1:OTHER"], "http://a.test/"),
    (["--connect-to", "A.test:80:127.0.0.1:OTHER"], "http://a.Test/"),
    (["--connect-to", "a.test::127.0.0.2:PORT"], "http://a.test:99/"),
    (["--connect-to", ":PORT:127.0.0.2:PORT"], "http://a.test:PORT/"),
    (["--connect-to", "::127.0.0.2:"], "http://a.test:PORT/"),
    (["--connect-to", "::127.0.0.2"], "http://a.test:PORT/"),
    (["--connect-to", "127.0.0.1:PORT::OTHER"], "http://127.0.0.1:PORT/"),
    (["--connect-to", "127.0.0.1:1:127.0.0.2:"], "http://127.0.0.1:PORT/"),
    (["--connect-to", "b.test::127.0.0.2:"], "http://127.0.0.1:PORT/"),
    (["--connect-to", "b.test::127.0.0.1:", "--connect-to", "::127.0.0.2:"], "http://a.test:PORT/"),
    (["--connect-to", "::127.0.0.2:", "--connect-to", "a.test::127.0.0.1:"], "http://a.test:PORT/"),
    (["--connect-to", "[::1]:PORT:127.0.0.2:PORT"], "http://[::1]:PORT/"),
    (["--connect-to", "[::1]:PORT:127.0.0.2:PORT"], "http://[0:0::1]:PORT/"),
    (["--connect-to", "::[::1]:PORT"], "http://a.test/"),
    (["--connect-to", "127.0.0.1:PORT:b.test:PORT", "--resolve", "b.test:PORT:127.0.0.2"], "http://127.0.0.1:PORT/"),
    (["--connect-to", "a.test::b.test:", "--resolve", "a.test:PORT:127.0.0.2"], "http://a.test:PORT/"),
    (["--connect-to", "::127.0.0.2:PORT", "-H", "Host: c.test"], "http://a.test/"),
    # families
    (["-4"], "http://localhost:PORT/"), (["-6"], "http://localhost:PORT/"), (["-4", "-6"], "http://localhost:PORT/"),
    (["-6", "-4"], "http://localhost:PORT/"), (["--ipv6"], "http://[::1]:PORT/"), (["-4"], "http://127.0.0.1:PORT/"),
    # no harm
    (["--keepalive-time", "5"], "http://127.0.0.1:PORT/"), (["--no-keepalive"], "http://127.0.0.1:PORT/"),
    (["--happy-eyeballs-timeout-ms", "100"], "http://127.0.0.1:PORT/"),
]


class Four:
    """Peers that say who they are and what they were asked for."""

    def __init__(self):
        first = Peer(answering(lambda q: self.answer("v4", q)))
        self.port = first.port
        self.peers = [first, Peer(answering(lambda q: self.answer("two", q)), host="127.0.0.2", port=self.port),
                      Peer(answering(lambda q: self.answer("v6", q)), host="::1", port=self.port),
                      Peer(answering(lambda q: self.answer("other", q)))]
        self.other = self.peers[3].port
        self.seen = []

    def answer(self, who, request):
        self.seen.append((who, *[x.lower() for x in request.get("Host")]))
        return response(b"hello")

    def fill(self, text):
        return text.replace("PORT", str(self.port)).replace("OTHER", str(self.other))

    def take(self):
        seen, self.seen = self.seen, []
        return seen

    def __enter__(self):
        return self

    def __exit__(self, *how):
        for peer in self.peers:
            peer.__exit__(*how)


def test_as_curl_does():
    need_ipv6()
    differ = []
    with Four() as four:
        for options, url in AS_CURL:
            options, url = [four.fill(x) for x in options], four.fill(url)
            status = curl(*options, url)
            theirs = four.take()
            ours = run(*options, url)
            got = four.take()
            if (ours.code, got) != (status, theirs):
                differ.append(f"{options} {url}: curl ({status}) reaches {theirs}, afetch ({ours.code}) {got} {ours.errors}")
    if differ:
        raise Failed("afetch and curl, with the same options", "the same peer and exit status", "\n".join(differ))


def test_as_the_newest_curl_does():
    """Where the curl of this machine may be an older one."""
    need_ipv6()
    with Four() as four:
        for options, url, who in (
                (["-4", "--resolve", "a.test:PORT:[::1]"], "http://a.test:PORT/", "v6"),
                (["-6", "--resolve", "a.test:PORT:127.0.0.2"], "http://a.test:PORT/", "two"),
                (["--resolve", "[::1]:PORT:127.0.0.2"], "http://[::1]:PORT/", "two"),
                (["--connect-to", "127.0.0.1:PORT::", "--connect-to", "::127.0.0.2:"], "http://127.0.0.1:PORT/", "v4"),
                (["--resolve", "b\u00fccher.test:PORT:127.0.0.2"], "http://b\u00fccher.test:PORT/", "two"),
                (["--connect-to", "B\u00fccher.test::127.0.0.2:"], "http://xn--bcher-kva.test:PORT/", "two")):
            run(*[four.fill(x) for x in options], four.fill(url)).check(
                [x[0] for x in four.take()] == [who], f"{options} lead to {who}")


def test_literals_of_the_other_family():
    """They are not connected to. (Versions of curl differ in the code: 6 or 7.)"""
    need_ipv6()
    with Four() as four:
        for option, host in (("-4", "[::1]"), ("-6", "127.0.0.1")):
            url = f"http://{host}:{four.port}/"
            assert curl(option, url) in (6, 7)
            run(option, url).expect(code=7, err=[failure(url, "could not connect: .* is no IPv. address")])
            assert four.take() == []


def test_bad_values():
    for option, values in (("--resolve", ("", "a", "a:1", "a:1:", "a:1:b", "a:1:,", ":1:127.0.0.1", "a::127.0.0.1", "a:x:127.0.0.1",
                                          "a:65536:127.0.0.1", "a:1:127.0.0.1.1", "a:1:127.0.0.1 ", "a b:1:::1", "[::1:1:::1", "-a", "-:1")),
                           ("--connect-to", ("", "a", "a:1", ":", "a:x:b:1", "a:1:b:x", "a:1:b:0", "a:1:b:65536", "a:1:b:1:1", "a/b:::",
                                             "[::1::::", "a::[::1]2:", "::b@c:")),
                           ("--unix-socket", ("/" + "x" * 200,))):
        for value in values:
            r = run(option, value, "http://127.0.0.1:1/")
            r.check(r.code == 2 and f"{option} \"{value[:50]}" in r.err.decode() and not r.lines, f"{option} {value!r} is refused by its name")


def test_names_are_not_asked():
    """Neither for what is resolved by hand, nor for the other family, nor with a Unix domain socket."""
    zone = {"a.test": ["127.0.0.1"], "b.test": ["127.0.0.1"], "six.test": []}
    path = temp_dir() + "/socket"
    with Dns(zone) as dns, Peer(answering(by_path)) as p, Peer(answering(by_path), path=path):
        a, b, six = (p.url("/5", host=x) for x in ("a.test", "b.test", "six.test"))
        run("--dns-servers", dns.server, "-4", "--resolve", f"a.test:{p.port}:127.0.0.1", a, b).expect(out=[line(5, a), line(5, b)])
        assert dns.asked("a.test") == 0 and dns.asked("b.test") == 1 and dns.asked("b.test", "A") == 1
        run("--dns-servers", dns.server, "-6", b).expect(code=6, err=[failure(b, "could not resolve host: b.test .*IPv6.*")])
        assert dns.asked("b.test") == 2 and dns.asked("b.test", "AAAA") == 1
        run("--dns-servers", dns.server, "-4", six).expect(code=6, err=[failure(six, "could not resolve host: six.test .*IPv4.*")])
        run("--dns-servers", dns.server, "--unix-socket", path, a).expect(out=[line(5, a)])
        assert dns.asked("a.test") == 0


def test_tls_goes_by_the_url():
    """Name, certificate and SNI are those of the URL, wherever it is connected to."""
    path = temp_dir() + "/socket"
    with Peer(answering(by_path), tls=world.tls_context()) as p, Peer(answering(by_path), tls=world.tls_context(), path=path):
        for options in (["--connect-to", f"::127.0.0.1:{p.port}"], ["--resolve", "localhost:443:127.0.0.1",
                                                                    "--connect-to", f"localhost:443::{p.port}"],
                        ["--unix-socket", path]):
            urls = [f"https://localhost/{i}" for i in (5, 6)]
            run("--cacert", world.ca, *options, *urls).expect(out=[line(5, urls[0]), line(6, urls[1])])
            if options[0] != "--resolve":
                url = "https://elsewhere.test/5"
                run("--cacert", world.ca, *options, url).expect(code=60, err=[failure(url, ".*elsewhere.test.*")])


def test_connections_are_told_apart():
    """What two hosts are led to is one place, and still each has connections of its own."""
    with Peer(answering(by_path)) as p, Peer(answering(by_path)) as q:
        urls = ["http://a.test/1", "http://a.test/2", "http://b.test/3", "http://b.test/4", "http://c.test/5"]
        r = run("--sync", "--connect-to", f"c.test::127.0.0.1:{q.port}", "--connect-to", f"::127.0.0.1:{p.port}", *urls)
        r.expect(out=[line(i + 1, u) for i, u in enumerate(urls)])
        assert [x.get("Host")[0] for x in p.requests] == ["a.test"] * 2 + ["b.test"] * 2
        assert p.accepts == 2 and q.accepts == 1, (p.accepts, q.accepts)


def test_unix_socket():
    """Redirects stay on it, to whatever host they lead; the Host field is the URL's."""
    def answer(request):
        host = request.get("Host")[0]
        return response(b"", "Location: http://b.test:81/7\r\n", "302 Found") if host == "a.test" else response(b"1234567")

    path = temp_dir() + "/socket"
    with Peer(answering(answer), path=path) as p:
        run("--unix-socket", path, "http://a.test/").expect(out=[line(7, "http://a.test/")])
        assert [x.get("Host") for x in p.requests] == [["a.test"], ["b.test:81"]]
        urls = [f"http://h{i % 7}.test/{i}" for i in range(200)]
        r = run("-P", "50", "--unix-socket", path, *urls)
        r.expect(out=[line(7, u) for u in urls])


def test_unix_socket_and_proxies():
    """It goes before a proxy; one for SOCKS may be at such a socket itself."""
    folder = temp_dir()
    with Peer(answering(by_path), path=folder + "/a") as p, SocksProxy(path=folder + "/b", port=refused_port().getsockname()[1]) as socks:
        for program in (curl, lambda *args: run(*args).code):
            assert program("--unix-socket", folder + "/a", "-x", "http://127.0.0.1:1/", "http://a.test/5") == 0
            program("-x", f"socks5h://localhost{folder}/b", "http://a.test/5")
        assert len(p.requests) == 2
        talks = [b"".join(x)[-13:] for x in socks.talks]
        assert talks[0] == talks[1] and b"a.test" in talks[0], talks


def test_unix_socket_with_a_short_queue():
    """A full queue is asked again, not given up."""
    path = temp_dir() + "/socket"
    with Peer(answering(by_path), path=path, backlog=1):
        urls = [f"http://h{i}.test/5" for i in range(12)]
        run("-P", "12", "--unix-socket", path, *urls).expect(out=[line(5, u) for u in urls])


def test_unix_socket_fails():
    folder = temp_dir()
    open(folder + "/file", "w").close()
    url = "http://a.test/"
    for path in (folder + "/none", folder + "/file", folder):
        assert curl("--unix-socket", path, url) == 7
        run("--unix-socket", path, url).expect(code=7, err=[failure(url, f"could not connect: {path} .*")])


def test_all_given_addresses_are_tried():
    with refused_port() as s:
        url = f"http://a.test:{s.getsockname()[1]}/"
        r = run("--resolve", f"a.test:{s.getsockname()[1]}:127.0.0.1,127.0.0.9,127.0.0.8", url)
        r.expect(code=7, err=[failure(url, "could not connect: a.test port .*3 addresses tried.*")])


def test_happy_eyeballs():
    """How long an address that does not answer has for itself; with 0 all are tried at once."""
    with Peer(answering(by_path)) as p, BlackHole("127.0.0.2", p.port):
        url = p.url("/5", host="a.test")
        for ms, least in (("0", 0), ("400", 0.4)):
            r = run("--resolve", f"a.test:{p.port}:127.0.0.2,127.0.0.1", "--happy-eyeballs-timeout-ms", ms, url)
            r.expect(out=[line(5, url)]).check(least <= r.seconds < least + Config.slow, f"{least} s")


def test_keep_alive_probes():
    """They are the kernel's: what it is told is seen in its timers."""
    try:
        subprocess.run(["ss", "-V"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("no ss")

    def waits(conn):
        conn.request()
        conn.peer.asked = conn.sock.getpeername()[1]
        conn.await_end()

    for options, low, high in (([], 50, 60), (["--keepalive-time", "600"], 500, 600), (["--no-keepalive"], 0, 0)):
        with Peer(waits) as p:
            f = start(*options, p.url())
            p.await_requests(1)
            wait_until("the server's thread", lambda: hasattr(p, "asked"))
            shown = subprocess.run(["ss", "-tnoH", f"sport = :{p.asked}"], capture_output=True, text=True).stdout
            f.signal(15)
            f.wait()
            parts = re.search(r"timer:\(keepalive,(?:(\d+)min)?(?:([\d.]+)sec)?,", shown)
            seconds = 60 * float(parts[1] or 0) + float(parts[2] or 0) if parts else 0
            assert low <= seconds <= high, (options, shown)
