"""Exit status, usage errors, signals, and standard streams that are closed, full or gone."""
import os
import re
import signal
import threading

from harness import (Config, Crowd, Dns, Peer, answering, by_path, failure, line, read_file, refused_port, response, run,
                     run_shell, start, temp_dir, wait_until, world, write_file)


def never(conn):
    conn.request()
    conn.await_end()


# ---- of what failed -----------------------------------------------------------------------------------------------------

def test_one_code_or_123():
    with Peer(answering(by_path)) as p, refused_port() as s:
        good, missing = p.url("/3"), world.url("http", "/none")
        refused = [f"http://127.0.0.1:{s.getsockname()[1]}/{i}" for i in range(2)]
        for mode in ([], ["--sync"]):
            run(*mode, good).expect(out=[line(3, good)])
            run(*mode, *refused).expect(code=7, err=[failure(u) for u in refused])
            run(*mode, refused[0], good).expect(code=7, out=[line(3, good)], err=[failure(refused[0])])
            run(*mode, good, missing, refused[0]).expect(code=123, out=[line(3, good)],
                                                        err=[failure(missing), failure(refused[0])])
        run(missing, "ftp://x/").expect(code=123, err=[failure(missing), failure("ftp://x/")])
        run(missing, missing, missing).expect(code=22, err=[failure(missing)] * 3)


# ---- usage errors -------------------------------------------------------------------------------------------------------

def usage_error(args, *patterns, env=None):
    """Exit status 2, nothing on standard output, nothing fetched, a sentence that matches all patterns."""
    with Peer(answering(by_path)) as p:
        r = run(*[p.url("/3") if a == "URL" else a for a in args], stdin="", env=env)
        r.check(r.code == 2, "exit status 2")
        r.check(r.out == b"" and r.total is None, "nothing done")
        for pattern in patterns:
            r.check(re.search(pattern, r.err.decode()), f"on standard error something that matches {pattern}")
        r.check(r.stderr and r.stderr[0].startswith("afetch: "), "the program's name first")
        r.check(p.accepts == 0, "no connection")


def test_no_url():
    usage_error([], "URL")
    usage_error(["-s"])
    usage_error(["-k"], "URL")


def test_unknown_options():
    usage_error(["--nonsense", "URL"], "--nonsense")
    usage_error(["URL", "-@"], "-@")
    usage_error(["--silen", "URL"], "--silen")   # exact long names
    usage_error(["--sync=yes", "URL"], "--sync")
    usage_error(["--no-output", "URL"], "--no-output")


def test_missing_values():
    usage_error(["URL", "-m"], "-m|--max-time")
    usage_error(["URL", "--cacert"], "--cacert")
    usage_error(["URL", "-o"], "-o|--output")


def test_headers_that_are_none():
    usage_error(["-H", "NoColon", "URL"], "-H|--header")
    usage_error(["-H", ": no name", "URL"], "-H|--header")
    usage_error(["-H", "A B: c", "URL"], "-H|--header")


def test_values_out_of_range():
    for value in ("0", "65536", "-1", "x", "1x", "", "99999999999999999999", "1.5", " 1"):
        usage_error(["-P", value, "URL"], "-P|--parallel-max", r"65535")
    for value in ("-1", "x", "65536"):
        usage_error(["--parallel-max-host", value, "URL"], "--parallel-max-host")
    for value in ("-1", "x", "", "1e999", "nan", "1s"):
        usage_error(["-m", value, "URL"], "-m|--max-time")
        usage_error(["--connect-timeout", value, "URL"], "--connect-timeout")
    usage_error(["--proto-default", "ftp", "URL"], "--proto-default", "https")


def test_values_in_range():
    with Peer(answering(by_path)) as p:
        for options in (["-P", "1"], ["--parallel-max=7"], ["-m", "0"], ["-m5.25"], ["--connect-timeout", "0"],
                        ["--parallel-max-host", "0"], ["-sP3"], ["-Z"], ["--parallel"], ["--parallel-immediate"], ["-fL"],
                        ["--no-sync"], ["--sync", "--no-sync"], ["--threads"], ["--sync", "--no-sync", "--threads"]):
            r = run(*options, p.url("/3"))
            r.expect(out=[line(3, p.url("/3"))], total=None)
        run("--threads", "-P1025", p.url("/3")).expect(
            out=[line(3, p.url("/3"))], err=[r"afetch: warning: --threads: at most 1024 .*1025"], total=None)
        # With a warning, maybe, that descriptors do not suffice for so many.
        r = run("-P65535", p.url("/3"))
        r.check(r.code == 0 and r.lines == [line(3, p.url("/3"))], "success")
        r.check(len(r.errors) <= 1 and all(x.startswith("afetch: warning: ") for x in r.errors), "a warning at most")


def test_options_that_are_to_come():
    """They say so, and nothing is fetched."""
    for args in (["--preproxy", "http://p:1"], ["--loops", "2"],
                 ["-#"],
                 ["--http2"]):
        name = re.escape(args[0].split("=")[0])
        usage_error([*args, "URL"], name, r"\byet\b")
        usage_error(["URL", *args], name, r"\byet\b")


def test_options_of_curl_that_are_not_to_come():
    usage_error(["URL", "--next", "URL"], "curl's --next is not supported: ")
    usage_error(["-:", "URL"], "--next")
    usage_error(["--ftp-pasv", "URL"], "--ftp-pasv is not supported")
    usage_error(["--ntlm", "URL"], "--ntlm is not supported")
    usage_error(["-N", "URL"], "-N|--no-buffer")


def test_a_bare_number():
    usage_error(["8", "URL"], r"did you mean -P 8\?")
    usage_error(["URL", "8"], r"did you mean -P 8\?")


def test_standard_input_twice():
    usage_error(["-", "-"])
    usage_error(["-", "--url", "@-"])


def test_more_outputs_than_fit():
    usage_error(["-o", "a", "-o", "b", "URL", "URL", "URL"], "-o|--output")


# ---- signals ------------------------------------------------------------------------------------------------------------

def test_signals():
    """In every state of a transfer: the run ends, with what is under way cut and nothing left over."""
    def stall(conn):
        q = conn.request()
        if q is None:
            return
        if q.target == "/body":
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        conn.await_end()

    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        for mode in ([], ["--sync"]):
            with Peer(stall) as p:
                for path in ("/wait", "/body"):
                    folder = temp_dir()
                    n = len(p.requests)
                    f = start(*mode, "-o", folder + "/out", p.url(path))
                    p.await_requests(n + 1)
                    f.signal(number)
                    r = f.wait()
                    r.check(r.code == code, f"exit status {code}")
                    r.check(r.out == b"", "no line for what was cut")
                    r.check(os.listdir(folder) == [], f"no file left ({os.listdir(folder)})")
                    r.check(r.seconds < 10 * Config.slow, "to end soon")


def test_signals_in_the_handshake():
    with Peer(lambda c: c.await_end()) as p:
        for mode in ([], ["--sync"]):
            n = p.accepts
            f = start(*mode, "-k", p.url().replace("http:", "https:"))
            p.await_state("a connection", lambda p: p.accepts > n)
            f.signal(signal.SIGTERM)
            r = f.wait()
            r.check(r.code == 143, "exit status 143")


def test_signals_while_looking_up():
    with Dns({"silent.test": "silent"}) as dns:
        for mode in ([], ["--sync"]):
            n = len(dns.queries)
            f = start(*mode, "--dns-servers", dns.server, "http://silent.test/")
            wait_until("a look-up", lambda: len(dns.queries) > n)
            f.signal(signal.SIGINT)
            r = f.wait()
            r.check(r.code == 130, "exit status 130")
            r.check(r.seconds < 5 * Config.slow, "to end soon")


def test_signals_while_waiting_for_input():
    for mode in ([], ["--sync"]):
        with Peer(answering(by_path)) as p:
            f = start(*mode, "-", stdin="open")
            f.write(p.url("/3") + "\n")
            f.await_output("/3\n")
            f.signal(signal.SIGINT)
            r = f.wait()
            r.check(r.code == 130, "exit status 130")
            r.check(r.lines == [line(3, p.url("/3"))], "what was done before")


def test_signals_leave_files_whole():
    """What was complete stays, what was not leaves the old file."""
    with Peer(answering(lambda q: response(b"new one") if q.target == "/done" else None)) as p, Peer(never) as q:
        folder = temp_dir()
        write_file(folder + "/b", "old")
        f = start("-o", folder + "/a", "-o", folder + "/b", p.url("/done"), q.url("/held"))
        f.await_output("/done\n")
        q.await_requests(1)
        f.signal(signal.SIGTERM)
        r = f.wait()
        r.check(r.code == 143, "exit status 143")
        assert sorted(os.listdir(folder)) == ["a", "b"], os.listdir(folder)
        assert read_file(folder + "/a") == b"new one" and read_file(folder + "/b") == b"old"


def test_signals_with_many_under_way():
    with Peer(never) as p:
        urls = [p.url(f"/{i}") for i in range(100)]
        f = start("-P", "50", *urls)
        p.await_requests(50)
        f.signal(signal.SIGINT)
        r = f.wait()
        r.check(r.code == 130, "exit status 130")
        r.check(r.out == b"", "nothing was received")
        assert len(p.requests) == 50, "nothing new was begun"


def test_ignored_sigint_stays_ignored():
    """As under nohup, or in the background of a script."""
    go = threading.Event()

    def held(request):
        go.wait(20)
        return response(b"abc")

    with Peer(answering(held)) as p:
        f = start(p.url("/x"), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        p.await_requests(1)
        f.signal(signal.SIGINT)
        go.set()
        f.wait().expect(out=[line(3, p.url("/x"))])


# ---- standard streams ---------------------------------------------------------------------------------------------------

def test_head_1():
    """A reader that has had enough: a quiet end, 141."""
    with Peer(answering(by_path)) as p:
        urls = "\n".join(p.url(f"/{i}") for i in range(5000)) + "\n"
        for mode in ([], ["--sync"]):
            path = os.path.join(temp_dir(), "status")
            r = run_shell(f'{{ "$@"; echo $? >{path}; }} | head -n 1', *mode, "-", stdin=urls)
            r.check(len(r.lines) == 1, "one line")
            r.check(r.err == b"", "nothing on standard error")
            r.check(read_file(path) == b"141\n", f"exit status 141 (it was {read_file(path)})")
    assert len(p.requests) < 10_000, "the rest is not fetched"


def test_a_reader_that_goes_away():
    go = threading.Event()

    def answer(request):
        if request.target != "/first":
            go.wait(20)
        return response(b"abc")

    for mode in ([], ["--sync"]):
        go.clear()
        with Peer(answering(answer)) as p:
            read_end, write_end = os.pipe()
            f = start(*mode, p.url("/first"), p.url("/second"), p.url("/third"), stdout=write_end)
            os.close(write_end)
            assert os.read(read_end, 1000).decode() == line(3, p.url("/first")) + "\n"
            os.close(read_end)
            go.set()
            r = f.wait()
            r.check(r.code == 141, "exit status 141")
            r.check(r.err == b"", "nothing on standard error")


def test_reader_gone_from_the_start():
    with Peer(answering(by_path)) as p:
        read_end, write_end = os.pipe()
        os.close(read_end)
        f = start(p.url("/3"), stdout=write_end)
        os.close(write_end)
        r = f.wait()
        r.check(r.code == 141 and r.err == b"", "exit status 141, quietly")


def test_standard_output_closed():
    with Peer(answering(by_path)) as p:
        for mode in ([], ["--sync"]):
            r = run_shell('exec "$@" >&-', *mode, p.url("/3"))
            r.check(r.code == 23, "exit status 23")
            r.check(any("standard output" in x or "stdout" in x for x in r.errors), "to be told why")
        for q in p.requests:
            assert q.first.startswith("GET "), "nothing of ours in a socket"


def test_standard_output_full():
    with Peer(answering(by_path)) as p:
        for mode in ([], ["--sync"]):
            with open("/dev/full", "wb") as full:
                r = start(*mode, p.url("/3"), p.url("/4"), stdout=full.fileno()).wait()
            r.check(r.code == 23, "exit status 23")
            r.check(any("No space left" in x for x in r.errors), "to be told why")


def test_standard_input_closed():
    with Peer(answering(by_path)) as p:
        for mode in ([], ["--sync"]):
            run_shell('exec "$@" <&-', *mode, p.url("/3")).expect(out=[line(3, p.url("/3"))])
        r = run_shell('exec "$@" <&-', "-")
        r.check(r.code == 26, "exit status 26: a list that cannot be read")


def test_standard_error_closed():
    with Peer(answering(by_path)) as p, refused_port() as s:
        for mode in ([], ["--sync"]):
            r = run_shell('exec "$@" 2>&-', *mode, p.url("/3"))
            r.check(r.code == 0 and r.lines == [line(3, p.url("/3"))], "success, one line")
            r = run_shell('exec "$@" 2>&-', *mode, f"http://127.0.0.1:{s.getsockname()[1]}/")
            r.check(r.code == 7 and r.out == b"", "exit status 7, nothing on standard output")


def test_all_standard_streams_closed():
    """No file and no socket gets what was meant for a standard stream."""
    with Peer(answering(lambda q: response(b"abc"))) as p:
        for mode in ([], ["--sync"]):
            folder = temp_dir()
            r = run_shell('exec "$@" <&- >&- 2>&-', *mode, "-o", folder + "/out", p.url("/3"))
            r.check(r.code == 23, "exit status 23")
            if os.path.exists(folder + "/out"):
                assert read_file(folder + "/out") == b"abc", read_file(folder + "/out")
            assert set(os.listdir(folder)) <= {"out"}, os.listdir(folder)
        for q in p.requests:
            assert q.first.startswith("GET ") and b"total" not in q.head


def test_standard_error_full():
    with Peer(answering(by_path)) as p:
        with open("/dev/full", "wb") as full:
            r = start(p.url("/3"), stderr=full.fileno()).wait()
        r.check(r.code == 0 and r.lines == [line(3, p.url("/3"))], "success: the total is no result")


def test_a_slow_reader():
    """Output waits for its reader; nothing is lost."""
    with Peer(answering(by_path)) as p:
        urls = [p.url(f"/{i % 10}?{'x' * 200}{i}") for i in range(2000)]
        read_end, write_end = os.pipe()
        f = start("-", stdin="\n".join(urls), stdout=write_end)
        os.close(write_end)
        p.await_requests(200)
        got = b""
        while piece := os.read(read_end, 65536):
            got += piece
        os.close(read_end)
        r = f.wait()
        r.check(r.code == 0, "success")
        assert sorted(got.decode().splitlines()) == sorted(line(i % 10, u) for i, u in enumerate(urls)), "every line"


def test_a_low_limit_of_descriptors():
    """-P is lowered with a warning where descriptors do not suffice; all is fetched."""
    with Crowd(0.05) as p:
        urls = [p.url(f"/{i}") for i in range(300)]
        r = run_shell('ulimit -n 60; exec "$@"', "-P", "200", "-", stdin="\n".join(urls))
        r.check(r.code == 0 and sorted(r.lines) == sorted(line(5, u) for u in urls), "all fetched")
        r.check(len(r.errors) == 1 and r.errors[0].startswith("afetch: warning: ") and "-P" in r.errors[0], "one warning")


def test_failures_end_the_run():
    """--fail-early and --max-fails: nothing new begins, the rest is cancelled, and the first failures are the exit status."""
    def answer(request):
        if request.target == "/404":
            return response(b"", status="404 Not Found")
        return by_path(request)

    with Peer(answering(answer)) as p, refused_port() as s:
        refused = f"http://127.0.0.1:{s.getsockname()[1]}/"
        for args, first, code in ((["--fail-early"], [p.url("/404")], 22), (["--max-fails", "2"], [p.url("/404")] * 2, 22),
                                  (["--max-fails", "2"], [p.url("/404"), refused], 123)):
            r = run(*args, "-P1", *first, *[p.url(f"/{i}") for i in range(1, 5)])
            r.check(r.code == code and r.out == b"", f"exit status {code}, and nothing after it")
            assert not [q for q in p.requests if q.target != "/404"], [q.target for q in p.requests]
        r = run("--max-fails", "2", "-P1", p.url("/404"), p.url("/1"))
        r.check(r.code == 22 and len(r.lines) == 1, "one failure is not two")
        r = run("--fail-early", "-P1", "-", stdin="".join(p.url("/404") + "\n" for _ in range(3)))
        r.check(r.code == 22, "exit status 22, from a list, too")
