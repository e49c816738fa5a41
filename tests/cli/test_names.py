"""Names and addresses: look-ups, /etc/hosts, the cache, the race of addresses, refused and black-holed ones."""
import os

from harness import (BlackHole, Config, Crowd, Dns, Peer, Skip, alone, answering, by_path, failure, line, need_ipv6,
                     read_file, refused_port, response, run)


def both(host_a, host_b, make_a, make_b):
    """Two listeners on one port of two addresses: make_a first, then make_b(host, port)."""
    for _ in range(20):
        a = make_a(host_a, 0)
        try:
            return a, make_b(host_b, a.port)
        except OSError:
            a.__exit__(None, None, None)
    raise OSError("no port is free on both addresses")


def peer(host, port):
    return Peer(answering(by_path), host=host, port=port)


def hole(host, port):
    return BlackHole(host, port)


def test_a_name():
    with Dns({"host.test": ["127.0.0.1"]}) as dns, Peer(answering(by_path)) as p:
        for mode in ([], ["--sync"]):
            url = p.url("/8", host="host.test")
            run(*mode, "--dns-servers", dns.server, url).expect(out=[line(8, url)])
            assert p.requests[-1].get("Host") == [f"host.test:{p.port}"], p.requests[-1].fields
        assert dns.asked("host.test", "A") == 2 and dns.asked("host.test", "AAAA") == 2, dns.queries


def test_names_that_do_not_resolve():
    zone = {"empty.test": [], "broken.test": "servfail"}
    with Dns(zone) as dns, Peer(answering(by_path)) as p:
        good = p.url("/8")
        for name in ("nowhere.test", "empty.test", "broken.test"):
            for mode in ([], ["--sync"]):
                bad = p.url("/8", host=name)
                run(*mode, "--dns-servers", dns.server, bad, good).expect(
                    code=6, out=[line(8, good)], err=[failure(bad, f"could not resolve host: {name}.*")])


def test_a_name_server_that_is_silent():
    with Dns({"silent.test": "silent"}) as dns, Peer(answering(by_path)) as p:
        bad, good = p.url("/8", host="silent.test"), p.url("/8")
        for mode in ([], ["--sync"]):
            r = run(*mode, "--dns-servers", dns.server, "--connect-timeout", "0.7", bad, good).expect(
                code=28, out=[line(8, good)], err=[failure(bad, "timed out.*resolv.*")])
            r.check(0.7 <= r.seconds < 2 * Config.slow, "the time that was given")


def test_a_name_server_that_is_not_there():
    with refused_port() as s:
        url = "http://host.test/"
        r = run("--dns-servers", f"127.0.0.1:{s.getsockname()[1]}", "--connect-timeout", "5", url)
        r.check(r.code in (6, 28), "a failed look-up")
        r.expect(code=r.code, err=[failure(url)])


def test_one_look_up_for_many():
    with Dns({"host.test": ["127.0.0.1"]}, delay=0.1) as dns, Peer(answering(by_path)) as p:
        urls = [p.url(f"/{i}", host="host.test") for i in range(30)]
        run("--dns-servers", dns.server, *urls).expect(out=[line(i, u) for i, u in enumerate(urls)])
        assert dns.asked("host.test", "A") == 1 and dns.asked("host.test", "AAAA") == 1, dns.queries


def test_look_ups_are_cached():
    """One after another, on new connections each."""
    for mode in (["-P", "1"], ["--sync"]):
        with Dns({"host.test": ["127.0.0.1"]}) as dns, \
                Peer(answering(lambda q: response(b"123", "Connection: close\r\n"))) as p:
            urls = [p.url(f"/{i}", host="Host.test" if i % 2 else "host.TEST") for i in range(6)]
            run(*mode, "--dns-servers", dns.server, *urls).expect(out=[line(3, u) for u in urls])
            assert p.accepts == 6
            assert dns.asked("host.test", "A") == 1, dns.queries


@alone
def test_a_thousand_names():
    """Each look-up takes 50 ms: all of them at once take much less than one after another."""
    names = [f"h{i}.test" for i in range(1000)]
    with Dns({n: ["127.0.0.1"] for n in names}, delay=0.05) as dns, Crowd() as p:
        urls = [f"http://{n}:{p.port}/" for n in names]
        r = run("-P", "1000", "--dns-servers", dns.server, "-", stdin="\n".join(urls)).expect(out=[line(5, u) for u in urls])
        r.check(r.seconds < 5 * Config.slow, "to take less than 5 s")


def test_a_slow_aaaa_holds_nobody_up():
    zone = {"host.test": lambda kind: ["127.0.0.1"] if kind == "A" else "silent"}
    with Dns(zone) as dns, Peer(answering(by_path)) as p:
        url = p.url("/8", host="host.test")
        for mode in ([], ["--sync"]):
            r = run(*mode, "--dns-servers", dns.server, url).expect(out=[line(8, url)])
            r.check(r.seconds < 1 * Config.slow, "to take less than 1 s")


def test_ipv6_address():
    need_ipv6()
    with Peer(answering(by_path), host="::1") as p:
        for mode in ([], ["--sync"]):
            run(*mode, p.url("/8")).expect(out=[line(8, p.url("/8"))])
        assert p.requests[0].get("Host") == [f"[::1]:{p.port}"], p.requests[0].fields
        full = f"http://[0:0:0:0:0:0:0:1]:{p.port}/8"
        run(full).expect(out=[line(8, full)])


def test_a_name_with_an_ipv6_address_alone():
    need_ipv6()
    with Dns({"six.test": ["::1"]}) as dns, Peer(answering(by_path), host="::1") as p:
        url = p.url("/8", host="six.test")
        for mode in ([], ["--sync"]):
            run(*mode, "--dns-servers", dns.server, url).expect(out=[line(8, url)])


def test_ipv6_comes_first():
    need_ipv6()
    four, six = both("127.0.0.1", "::1", peer, peer)
    with four, six, Dns({"dual.test": ["127.0.0.1", "::1"]}) as dns:
        url = four.url("/8", host="dual.test")
        run("--dns-servers", dns.server, url).expect(out=[line(8, url)])
        assert (four.accepts, six.accepts) == (0, 1), "RFC 8305 3 and 5"


def test_refused():
    with refused_port() as s, Peer(answering(by_path)) as p:
        bad, good = f"http://127.0.0.1:{s.getsockname()[1]}/", p.url("/8")
        for mode in ([], ["--sync"]):
            r = run(*mode, bad, good).expect(code=7, out=[line(8, good)],
                                            err=[failure(bad, "could not connect.*refused.*")])
            r.check(r.seconds < 1 * Config.slow, "at once")


def test_first_address_refuses():
    """The next one is tried at once."""
    with Dns({"two.test": ["127.0.0.2", "127.0.0.1"]}) as dns, Peer(answering(by_path)) as p:
        url = p.url("/8", host="two.test")
        for mode in ([], ["--sync"]):
            r = run(*mode, "--dns-servers", dns.server, url).expect(out=[line(8, url)])
            r.check(r.seconds < 1 * Config.slow, "at once")


def test_all_addresses_refuse():
    with Dns({"two.test": ["127.0.0.2", "127.0.0.1", "::1"]}) as dns, refused_port() as s:
        url = f"http://two.test:{s.getsockname()[1]}/"
        run("--dns-servers", dns.server, url).expect(code=7, err=[failure(url, "could not connect.*")])


def check_black_hole(addresses):
    black, good = both(*addresses, hole, peer)
    with black, good, Dns({"two.test": list(addresses)}) as dns:
        url = good.url("/8", host="two.test")
        for mode in ([], ["--sync"]):
            r = run(*mode, "--dns-servers", dns.server, url).expect(out=[line(8, url)])
            r.check(0.1 <= r.seconds < 1.5 * Config.slow, "the second address after about 250 ms (RFC 8305 5)")


def test_black_holed_first_address():
    check_black_hole(("127.0.0.2", "127.0.0.1"))


def test_black_holed_ipv6():
    need_ipv6()
    check_black_hole(("::1", "127.0.0.1"))


def test_black_holed_alone_beside_others():
    with BlackHole() as black, Peer(answering(by_path)) as p:
        urls = [p.url(f"/{i}") for i in range(20)]
        r = run("--connect-timeout", "1", black.url(), *urls)
        r.expect(code=28, out=[line(i, u) for i, u in enumerate(urls)], err=[failure(black.url())])


def test_localhost():
    """Known without asking anyone, and names below it too (RFC 6761)."""
    with Dns({}) as dns, Peer(answering(by_path)) as p:
        for host in ("localhost", "LOCALHOST", "a.localhost"):
            url = p.url("/8", host=host)
            for mode in ([], ["--sync"]):
                run(*mode, "--dns-servers", dns.server, url).expect(out=[line(8, url)])
        assert not [q for q in dns.queries if "localhost" in q[0]], dns.queries


def test_etc_hosts():
    """A name of this machine's /etc/hosts that leads to 127.0.0.1."""
    names = [f[1:] for f in (x.split("#")[0].split() for x in read_file("/etc/hosts").decode().splitlines())
             if f and f[0] == "127.0.0.1"] if os.path.exists("/etc/hosts") else []
    names = [n for n in sum(names, []) if not n.startswith("localhost")]
    if not names:
        raise Skip("/etc/hosts has no name of its own for 127.0.0.1")
    with Dns({}) as dns, Peer(answering(by_path)) as p:
        url = p.url("/8", host=names[0])
        run("--dns-servers", dns.server, url).expect(out=[line(8, url)])
        assert not dns.asked(names[0].lower()), dns.queries


def test_international_names():
    with Dns({"xn--bcher-kva.test": ["127.0.0.1"], "xn--fa-hia.test": ["127.0.0.1"]}) as dns, \
            Peer(answering(by_path)) as p:
        for name, ascii_name in (("bücher.test", "xn--bcher-kva.test"), ("BÜCHER.test", "xn--bcher-kva.test"),
                                 ("faß.test", "xn--fa-hia.test")):
            url = p.url("/8", host=name)
            r = run("--dns-servers", dns.server, url)
            r.check(r.code == 0 and r.out.decode() == line(8, url) + "\n", "the URL as it was written")
            assert p.requests[-1].get("Host") == [f"{ascii_name}:{p.port}"], p.requests[-1].fields
        url = p.url("/8", host="a\u0300\u0345.-.test")
        r = run("--dns-servers", dns.server, url)
        r.check(r.code in (3, 6), "a name that IDNA refuses to be an error")


def test_dns_servers_that_are_none():
    with Peer(answering(by_path)) as p:
        r = run("--dns-servers", "not an address", p.url("/8"))
        r.check(r.code != 0 and p.accepts == 0, "an error, and nothing fetched")
        r.check("dns-servers" in r.err.decode() or "not an address" in r.err.decode(), "to say why")
