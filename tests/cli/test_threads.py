"""--threads: a thread for each transfer at once, and one pool, one cache of names, one store of tickets for them all.
(run.py --mode threads runs every other test so.)"""
import os
import re
import resource
import shutil
import signal
import tempfile

from harness import (Config, Crowd, Dns, Peer, Skip, answering, by_path, failure, line, read_file, response, run, s_server,
                     start, wait_until, world)


def threads_of(running):
    status = read_file(f"/proc/{running.process.pid}/status").decode()
    return int(re.search(r"Threads:\s+(\d+)", status)[1])


def test_a_thread_for_each_transfer_and_no_more():
    with Peer(lambda conn: (conn.request(), conn.await_end())) as p:
        urls = [p.url(f"/{i}") for i in range(50)]
        f = start("--threads", "-P", "20", "-m", "30", *urls)
        p.await_state("twenty requests", lambda p: len(p.requests) == 20)
        own = 2 if Config.sanitized else 1  # a sanitizer may have one of its own
        assert 21 <= threads_of(f) <= 20 + own, threads_of(f)
        f.signal(signal.SIGINT)
        f.wait().check(len(p.requests) == 20, "no more than twenty at once")


def test_a_thousand_slow_ones_within_the_cap():
    with Crowd(1.0) as p:
        urls = [p.url(f"/{i}") for i in range(1000)]
        f = start("--threads", "-P", "300", "-", stdin="\n".join(urls))
        wait_until("three hundred at once", lambda: p.max_open == 300)
        assert threads_of(f) <= 303, threads_of(f)
        r = f.wait().expect(out=[line(5, u) for u in urls])
        r.check(p.max_open == 300, f"three hundred at once (there were {p.max_open})")


def test_never_over_1024():
    with Crowd(1.0) as p:
        urls = [p.url(f"/{i}") for i in range(1100)]
        r = run("--threads", "-P", "1100", "-", stdin="\n".join(urls))
        r.check(r.code == 0 and sorted(r.lines) == sorted(line(5, u) for u in urls), "all of them")
        r.check(p.max_open <= 1024, f"at most 1024 at once (there were {p.max_open})")
        r.check(any("1024" in e for e in r.stderr), "a word about the cap")


def test_connections_are_used_again_by_other_threads():
    for tls in (None, world.tls_context()):
        with Peer(answering(by_path), tls=tls) as p:
            urls = [p.url(f"/{i}") for i in range(200)]
            run("--threads", "-P", "8", "--cacert", world.ca, *urls).expect(out=[line(i, u) for i, u in enumerate(urls)])
            assert p.accepts <= 8, p.accepts


def test_the_limit_of_a_host_holds_over_all_threads():
    with Peer(answering(lambda q: response(b"12345"))) as p, Peer(answering(by_path)) as q:
        urls = [s.url(f"/{5}?{i}") if s is p else s.url("/5") for i in range(40) for s in (p, q)]
        run("--threads", "-P", "30", "--parallel-max-host", "3", *urls).expect(out=[line(5, u) for u in urls])
        assert p.accepts <= 3 and q.accepts <= 3, (p.accepts, q.accepts)


def test_one_look_up_for_many_threads():
    with Dns({"one.test": ["127.0.0.1"], "slow.test": "silent"}, delay=0.2) as dns, Crowd(0.1) as p:
        urls = [p.url(f"/{i}", host="one.test") for i in range(60)]
        run("--threads", "-P", "60", "--dns-servers", dns.server, *urls).expect(out=[line(5, u) for u in urls])
        assert dns.asked("one.test", "A") == 1 and dns.asked("one.test", "AAAA") == 1, dns.queries


def test_a_silent_name_server_holds_up_its_own_name_alone():
    with Dns({"one.test": ["127.0.0.1"], "slow.test": "silent"}) as dns, Peer(answering(by_path)) as p:
        bad, good = [p.url(f"/{i}", host="slow.test") for i in range(10)], [p.url(f"/{i}", host="one.test") for i in range(20)]
        run("--threads", "-P", "12", "--connect-timeout", "1", "--dns-servers", dns.server, *bad, *good).expect(
            code=28, out=[line(i, u) for i, u in enumerate(good)], err=[failure(u, "timed out.*") for u in bad])


def test_names_that_are_not_there():
    with Dns({}) as dns:
        urls = [f"http://n{i}.test/" for i in range(300)]
        run("--threads", "-P", "50", "--dns-servers", dns.server, *urls).expect(
            code=6, err=[failure(u, ".*no such name.*") for u in urls])


def test_tickets_are_shared():
    """Each connection is closed after its answer; those after the first batch resume, whichever thread they are on."""
    _, port = s_server("-www")
    url = f"https://localhost:{port}/"
    r = run("--threads", "-P", "2", "-v", "--cacert", world.ca, *[url] * 12)
    resumed = sum("resumed" in e for e in r.stderr)
    r.check(r.code == 0 and resumed >= 6, f"half and more are resumed ({resumed} of 12)")


def test_stopped_at_any_moment():
    """By a signal, with transfers looked up, connecting, in a handshake, receiving and waiting."""
    with Dns({"one.test": ["127.0.0.1"], "slow.test": "silent"}, delay=0.05) as dns, \
            Peer(answering(by_path), tls=world.tls_context()) as p, \
            Peer(lambda conn: (conn.request(), conn.await_end())) as q:
        urls = [u for i in range(40) for u in (p.url(f"/{i}"), q.url(f"/{i}"), q.url("/", host="slow.test"),
                                               q.url("/", host="one.test"))]
        for count in (1, 3, 8, 13):
            f = start("--threads", "-P", "60", "--cacert", world.ca, "--dns-servers", dns.server, *urls)
            f.await_lines(count)
            f.signal(signal.SIGTERM)
            r = f.wait()
            r.check(r.code == 143, "ended by the signal")
            r.check(len(r.lines) + len(r.errors) == len(urls), "one result for each")


def nobody(limit):
    """Of a user who may have so many threads: root has no such limit."""
    def become():
        resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
        os.setgid(54321)
        os.setuid(54321)
    return become


def test_fewer_threads_where_no_more_can_be_had():
    if os.geteuid() != 0:
        raise Skip("only root can become a user without processes")
    folder = tempfile.mkdtemp(prefix="afetch-nobody-")
    try:
        os.chmod(folder, 0o755)
        program = shutil.copy(Config.afetch, folder)
        with Crowd(0.2) as p:
            urls = [p.url(f"/{i}") for i in range(40)]
            for limit in (12, 4):
                most = p.max_open = 0
                r = run(command=[program, "--threads", "-P", "30", *urls], preexec_fn=nobody(limit))
                r.expect(out=[line(5, u) for u in urls])
                r.check(most < p.max_open < limit, f"fewer than {limit} at once (there were {p.max_open})")
    finally:
        shutil.rmtree(folder)


def test_what_each_waits_for():
    """SIGUSR1: told by the threads, each of its own transfer, and by the session of those that wait."""
    with Peer(lambda conn: (conn.request(), conn.await_end())) as p, \
            Peer(lambda conn: (conn.request(), conn.await_end()), tls=world.tls_context()) as q:
        urls = [p.url("/0"), q.url("/1"), p.url("/2")]
        f = start("--threads", "-P", "2", "--cacert", world.ca, *urls)
        p.await_requests(1)
        q.await_requests(1)
        f.signal(signal.SIGUSR1)
        for text in (r"afetch: 1 \S+/0 receiving \d", r"afetch: 2 \S+/1 receiving \d", r"afetch: 3 \S+/2 placing \d"):
            f.await_output(text, "err")
        f.signal(signal.SIGTERM)
        r = f.wait()
        r.check(not any("no transfer" in e for e in r.stderr), "not that there is none")
