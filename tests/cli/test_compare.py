"""--compare: the same URLs by each mode in turn, from a cold start, and a table of what that took."""
import contextlib
import os
import re
import signal
import threading
import time

from harness import (HERE, Config, Crowd, Dns, Peer, Running, alone, answering, by_path, failure, line, read_file,
                     refused_port, response, run, run_shell, start, temp_dir, wait_until, world, write_file)

MODES = ["sync", "threads", "async"]
TITLES = ["mode", "wall", "cpu", "memory", "transfers", "failed", "bytes", "speedup"]
CELLS = [r"sync|threads|async", r"\d+\.\d{3}s", r"\d+\.\d{3}s", r"\d+KB|\d+\.\dMB", r"\d+", r"\d+", r"\d+",
         r"\d+\.\d\dx|\d+\.\dx|\d+x|-"]
# What the figures may say; which of these is for unit tests to tell.
SPEED = r"async took \d+\.\d+ s(, (as long as|longer than)| where) one after another .*"
MEMORY = r"threads took \d+\.\d+ s and .* memory .*async.*"


def of_mode(mode, pattern):
    """A pattern for an error that names its mode, from one without."""
    return pattern.replace("afetch: ", f"afetch: {mode}: ", 1)


def table(r, killed=()):
    """The rows by mode, as dicts of texts, once their form is what it should be."""
    r.check(len(r.lines) == 4, "a line of titles and three rows on standard output, and nothing else")
    words = [x.split() for x in r.lines]
    r.check(words[0] == TITLES, "these titles: " + " ".join(TITLES))
    r.check([w[0] for w in words[1:]] == MODES, "rows in this order: " + " ".join(MODES))
    for w in words[1:]:
        r.check(len(w) == len(CELLS), "eight cells, without a blank in any")
        unknown = w[0] in killed
        for i, (cell, pattern) in enumerate(zip(w, CELLS)):
            pattern = "-" if unknown and i >= 4 else pattern
            r.check(re.fullmatch(pattern, cell), f"{TITLES[i]} of {w[0]} like {pattern}")
    r.check(len({len(x) for x in r.lines}) == 1, "lines of one width: right-aligned")
    r.check(r.total is None, "no total")
    return {w[0]: dict(zip(TITLES, w)) for w in words[1:]}


def column(rows, name):
    return [rows[m][name] for m in MODES]


def compared(*args, code=0, transfers, failed=0, size=0, err=None, **how):
    """Runs --compare, which gives these figures in each mode."""
    r = run("--compare", *args, **how)
    rows = table(r)
    r.check(column(rows, "transfers") == [str(transfers)] * 3, f"{transfers} transfers in each mode")
    r.check(column(rows, "failed") == [str(failed)] * 3, f"{failed} failed in each mode")
    r.check(column(rows, "bytes") == [str(size)] * 3, f"{size} bytes in each mode")
    r.expect(code=code, out=r.lines, ordered=True, err=[SPEED, MEMORY] if err is None else err, total=False)
    return r, rows


def test_table_and_what_was_asked():
    """Every URL is asked for once a mode, sync first and in order, and the figures are those of the servers."""
    with Peer(answering(by_path)) as p:
        paths = [f"/{i * 100}?{i}" for i in range(12)]
        compared(*[p.url(x) for x in paths], transfers=12, size=sum(range(12)) * 100)
        asked = [q.target for q in p.requests]
        assert asked[:12] == paths, asked
        assert sorted(asked[12:24]) == sorted(asked[24:]) == sorted(paths), asked


def test_a_url_given_twice():
    with Peer(answering(by_path)) as p:
        compared(p.url("/7"), p.url("/7"), transfers=2, size=14)
        assert len(p.requests) == 6, len(p.requests)


@alone
def test_times():
    """Twelve answers of 0.15 s each: one after another they take 1.8 s, all at once not much more than one of them."""
    with Crowd(0.15) as p:
        r, rows = compared(*[p.url(f"/{i}") for i in range(12)], transfers=12, size=60)
        wall = {m: float(rows[m]["wall"][:-1]) for m in MODES}
        r.check(12 * 0.15 <= wall["sync"], "sync to take the sum")
        r.check(0.15 <= wall["async"] and 0.15 <= wall["threads"], "no less than one of them")
        r.check(wall["async"] < wall["sync"] / 3 and wall["threads"] < wall["sync"] / 3, "the others to be faster by far")
        r.check(sum(wall.values()) <= r.seconds + 0.01, "no more time than the whole took")
        for m in MODES:
            given, real = float(rows[m]["speedup"][:-1]), wall["sync"] / wall[m]
            r.check(abs(given - real) <= real * 0.02 + 0.01, f"{m}: a speed-up of {real:.2f}")
        text = re.search(r"async took (\S+) s where one after another took (\S+) s: (\S+) times as fast", r.err.decode())
        r.check(text, "a sentence with the times")
        r.check(abs(float(text[1]) - wall["async"]) < 0.006 and abs(float(text[2]) - wall["sync"]) < 0.006 and
                text[3] == rows["async"]["speedup"][:-1], "the times of the table")


def test_cpu_and_memory_are_of_the_mode():
    """Of its own process: work that it does is seen, and what another mode did is not."""
    with Crowd() as p:
        r, rows = compared("-", transfers=3000, size=15000, stdin=(p.url() + "\n") * 3000)
        cpu = [float(x[:-1]) for x in column(rows, "cpu")]
        r.check(all(0.005 < x for x in cpu), "some CPU time for 3,000 requests")
        r.check(sum(cpu) <= r.cpu + 0.01, f"no more than the whole needed ({r.cpu:.3f} s)")
        walls = [float(x[:-1]) for x in column(rows, "wall")]
        r.check(all(c <= w * (os.cpu_count() or 1) for c, w in zip(cpu, walls)), "no more than there was")
        if not Config.sanitized:
            r.check(all(re.fullmatch(r"\d\d?\.\dMB", x) for x in column(rows, "memory")), "a few MB")


def test_figures_where_children_are_not_waited_for():
    """SIGCHLD may be ignored by who starts the program."""
    with Crowd() as p:
        r = run("--compare", "-", stdin=(p.url() + "\n") * 1000,
                preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        rows = table(r)
        r.check(r.code == 0 and all(x != "0.000s" for x in column(rows, "cpu")), "some CPU time in each mode")


# ---- a cold start -------------------------------------------------------------------------------------------------------

def test_connections_are_not_carried_over():
    with Peer(answering(by_path)) as p:
        compared("-P", "1", *[p.url(f"/{i}") for i in range(10)], transfers=10, size=45)
        assert p.accepts == 3, f"one connection a mode, not {p.accepts}"


def test_look_ups_are_not_carried_over():
    with Peer(answering(by_path)) as p, Dns({"a.test": ["127.0.0.1"]}) as dns:
        urls = [p.url(f"/{i}", host="a.test") for i in range(5)]
        compared("--dns-servers", dns.server, *urls, transfers=5, size=10)
        assert dns.asked("a.test", "A") == 3, dns.queries


def test_tls_sessions_are_not_carried_over():
    """Connections are not kept here: within a mode the second one resumes, the first one of a mode does not."""
    resumed = []

    def serve(conn):
        resumed.append(conn.sock.session_reused)
        if conn.request() is not None:
            conn.send(response(b"12345", "Connection: close\r\n"))
            conn.close_notify()

    with Peer(serve, tls=world.tls_context()) as p:
        compared("-P", "1", "--cacert", world.ca, *[p.url(f"/{i}") for i in range(3)], transfers=3, size=15)
    assert resumed == [False, True, True] * 3, resumed


# ---- the same limits ----------------------------------------------------------------------------------------------------

def busiest(*args, count=12):
    """How many requests were under way at most, in each mode."""
    lock = threading.Lock()
    now, seen = [0], []

    def answer(_request):
        with lock:
            now[0] += 1
            seen.append(now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return response(b"12345")

    with Peer(answering(answer)) as p:
        compared(*args, *[p.url(f"/{i}") for i in range(count)], transfers=count, size=5 * count)
    return [max(seen[i * count:(i + 1) * count]) for i in range(3)]


def test_parallel_max():
    assert busiest("-P", "2") == [1, 2, 2]
    assert busiest("-P", "1", count=3) == [1, 1, 1]


def test_parallel_max_host():
    assert busiest("-P", "8", "--parallel-max-host", "3") == [1, 3, 3]


def test_parallel_max_over_what_threads_may_be():
    with Peer(answering(by_path)) as p:
        compared("-P", "1024", p.url("/3"), transfers=1, size=3)
        compared("-P", "1025", p.url("/3"), transfers=1, size=3,
                 err=[r"afetch: warning: --compare: at most 1024 .*1025", SPEED, MEMORY])


def test_few_descriptors():
    """One warning, not three, and the limit that it tells of holds for all."""
    with Crowd(0.05) as p:
        urls = [p.url(f"/{i}") for i in range(40)]
        r = run_shell('ulimit -n 60; exec "$@"', "--compare", "-P", "40", *urls)
        rows = table(r)
        r.check(r.code == 0 and column(rows, "transfers") == ["40"] * 3, "all fetched in each mode")
        warnings = [x for x in r.stderr if "warning" in x]
        r.check(len(warnings) == 1, "one warning")
        limit = int(re.search(r"allows (\d+) transfers", warnings[0])[1])
        assert p.max_open <= limit, (p.max_open, limit)


# ---- input --------------------------------------------------------------------------------------------------------------

def test_standard_input():
    """It is read to its end first, so that each mode gets all of it."""
    with Peer(answering(by_path)) as p:
        f = start("--compare", "-", stdin="open")
        for i in range(20):
            f.write(p.url(f"/{i}") + "\n")
        time.sleep(0.2)
        assert p.accepts == 0, "nothing is fetched while the list is being written"
        f.write(p.url("/20"))
        f.close()
        r = f.wait()
        rows = table(r)
        r.check(r.code == 0 and column(rows, "bytes") == ["210"] * 3, "210 bytes in each mode")
        for k in range(3):
            part = [q.target for q in p.requests[21 * k:21 * (k + 1)]]
            assert sorted(part) == sorted(f"/{i}" for i in range(21)), part


def test_standard_input_that_is_a_file():
    """From where it stands: what was read before is not fetched, and nobody's position is moved back."""
    with Peer(answering(by_path)) as p:
        path = write_file(temp_dir() + "/list", "".join(p.url(f"/{i}") + "\n" for i in range(1, 6)))
        r = run_shell('{ read -r first; "$@"; cat; } <' + path, "--compare", "-")
        rows = table(r)
        r.check(r.code == 0 and column(rows, "bytes") == ["14"] * 3, "14 bytes in each mode")


def test_lists():
    """Files, FIFOs and standard input, beside URLs, in order; bad lines are told with their list and mode."""
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        os.mkfifo(folder + "/fifo")
        write_file(folder + "/list", f"{p.url('/10')}\n\x01\n")
        script = f'printf "%s\\n\\n \\001\\n" {p.url("/100")} >{folder}/fifo & exec "$@"'
        r = run_shell(script, "--compare", "-P", "1", p.url("/1"), "--url", f"@{folder}/list", "--url",
                      f"@{folder}/fifo", "-", p.url("/1000"), stdin=f"{p.url('/10000')}\nx y\n")
        rows = table(r)
        bad = [f"afetch: line 2 of {folder}/list: .*", f"afetch: line 3 of {folder}/fifo: .*",
               "afetch: line 2 of standard input: .*"]
        r.expect(code=3, out=r.lines, err=[*(of_mode(m, x) for x in bad for m in MODES), SPEED, MEMORY], total=False)
        r.check(column(rows, "transfers") == ["8"] * 3 and column(rows, "failed") == ["3"] * 3, "3 of 8 failed")
        r.check(column(rows, "bytes") == ["11111"] * 3, "11111 bytes")
        asked = [q.target for q in p.requests]
        assert asked == ["/1", "/10", "/100", "/10000", "/1000"] * 3, asked


def test_an_empty_list():
    for stdin in (b"", b"\n# nothing\n\n"):
        r, rows = compared("-", transfers=0, err=["There was no URL.*"], stdin=stdin)
        r.check(column(rows, "speedup") == ["-"] * 3, "no speed-up")
    compared("--url", "@/dev/null", transfers=0, err=["There was no URL.*"])


def test_where_lists_are_kept():
    """In TMPDIR, without a name; nothing is left there, also while it runs."""
    go = threading.Event()

    def held(request):
        go.wait(30)
        return by_path(request)

    with Peer(answering(held)) as p:
        folder = temp_dir()
        f = start("--compare", "-", stdin=p.url("/3"), env={"TMPDIR": folder})
        p.await_requests(1)
        open_files = links(f.process.pid)
        assert any(x.startswith(folder + "/") for x in open_files), f"the list is kept in {folder}: {open_files}"
        assert os.listdir(folder) == [], os.listdir(folder)
        go.set()
        r = f.wait()
        r.check(r.code == 0 and column(table(r), "bytes") == ["3"] * 3, "3 bytes in each mode")
        assert os.listdir(folder) == [], os.listdir(folder)


def test_no_room_for_a_list():
    """Told, with the place; nothing is fetched, and there is no table."""
    with Peer(answering(by_path)) as p:
        missing = temp_dir() + "/missing"
        kept = f"afetch: standard input cannot be kept in a temporary file in {re.escape(missing)}: No such file.*"
        run("--compare", "-", stdin=p.url("/3"), env={"TMPDIR": missing}).expect(code=23, err=[kept], total=False)
        folder = temp_dir()
        urls = (p.url("/3") + "\n") * 5000
        kept = f"afetch: standard input cannot be kept in a temporary file in {folder}: File too large"
        run_shell('ulimit -f 1; exec "$@"', "--compare", "-", stdin=urls, env={"TMPDIR": folder}).expect(
            code=23, err=[kept], total=False)
        assert p.accepts == 0 and os.listdir(folder) == []


def test_unreadable_lists():
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        r = run_shell('exec "$@" <' + folder, "--compare", "-", p.url("/3"))
        r.expect(code=26, err=["afetch: standard input cannot be read: Is a directory"], total=False)
        r = run_shell('exec "$@" <&-', "--compare", "-", p.url("/3"))
        r.expect(code=26, err=["afetch: standard input is closed"], total=False)
        assert p.accepts == 0


# ---- failures -----------------------------------------------------------------------------------------------------------

def test_failures():
    """In the column, on standard error with the mode, and in the exit status."""
    with Peer(answering(by_path)) as p, refused_port() as closed:
        bad = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        compared(p.url("/9"), bad, code=7, transfers=2, failed=1, size=9,
                 err=[*(of_mode(m, failure(bad, "could not connect.*")) for m in MODES), SPEED, MEMORY])


def test_failures_of_different_codes():
    with Peer(answering(lambda q: None if q.target == "/gone" else response(b"12345", status="404 No"))) as p:
        urls = [p.url("/gone"), p.url("/404")]
        compared(*urls, code=123, transfers=2, failed=2,
                 err=[*(of_mode(m, failure(u)) for m in MODES for u in urls), "No transfer succeeded.*"])


def test_different_codes_in_different_modes():
    """All that failed, over all modes, decides on the exit status."""
    replies = {1: response(b"12345"), 2: response(b"no", status="404 No"), 3: None}
    count = [0]

    def answer(_request):
        count[0] += 1
        return replies[count[0]]

    with Peer(answering(answer)) as p:
        r = run("--compare", p.url("/x"))
        rows = table(r)
        r.check(column(rows, "failed") == ["0", "1", "1"], "failures in threads and async alone")
        r.check(column(rows, "bytes") == ["5", "0", "0"], "bytes in sync alone")
        r.expect(code=123, out=r.lines, total=False,
                 err=[of_mode("threads", failure(p.url("/x"), ".*404.*")),
                      of_mode("async", failure(p.url("/x"), ".*empty reply.*")), "No transfer succeeded.*"])


def test_a_failure_in_one_mode_alone():
    with Peer(answering(by_path)) as p, Peer(lambda c: c.request() and c.number > 1 and c.send(response(b"12345"))) as q:
        r = run("--compare", p.url("/7"), q.url("/x"))
        rows = table(r)
        r.check(column(rows, "failed") == ["1", "0", "0"] and column(rows, "bytes") == ["7", "12", "12"],
                "a failure in sync alone")
        r.expect(code=52, out=r.lines, total=False, err=[of_mode("sync", failure(q.url("/x"))),
                                                         "The modes did not receive the same.*"])


def test_a_run_that_cannot_begin():
    """What holds for all modes is told once, and there is no table."""
    with Peer(answering(by_path)) as p:
        run("--compare", "--cacert", "/nonexistent", p.url("/3")).expect(
            code=77, err=[of_mode("sync", "afetch: .*trust store.*/nonexistent.*")], total=False)
        assert p.accepts == 0


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if int(read_file(f"/proc/{name}/stat").rsplit(b") ", 1)[1].split()[1]) == pid:
                    found.append(int(name))
    return found


def held_in(mode):
    """A peer that answers, but in this mode not at all: there a request waits for ever."""
    before = MODES.index(mode)

    def serve(conn):
        while conn.request() is not None:
            with conn.peer.lock:
                n = len(conn.peer.requests)
            if n == before + 1:
                conn.await_end()
                return
            conn.send(response(b"12345"))
    return Peer(serve)


def test_a_mode_that_is_killed():
    for mode in MODES:
        with held_in(mode) as p:
            f = start("--compare", p.url("/x"))
            p.await_requests(MODES.index(mode) + 1)
            pids = children(f.process.pid)
            assert len(pids) == 1, pids
            os.kill(pids[0], signal.SIGKILL)
            r = f.wait()
            rows = table(r, killed=[mode])
            others = [m for m in MODES if m != mode]
            r.check([rows[m]["bytes"] for m in others] == ["5", "5"], "the other modes to go on")
            r.check(mode != "sync" or column(rows, "speedup") == ["-"] * 3, "no speed-up over what is not known")
            r.expect(code=137, out=r.lines, total=False,
                     err=[rf"afetch: {mode}: its process was killed by signal 9 \(Killed\)"])


# ---- signals ------------------------------------------------------------------------------------------------------------

def expect_stopped(r, code):
    r.expect(code=code, total=False)
    r.check(r.seconds < 15 * Config.slow, "to end soon")


def test_signals():
    """The process of the mode ends too, whether it gets the signal as well, as from a terminal, or not."""
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        for mode in MODES:
            for group in (False, True):
                with held_in(mode) as p:
                    f = start("--compare", p.url("/x"), start_new_session=True)
                    p.await_requests(MODES.index(mode) + 1)
                    if group:
                        os.killpg(f.process.pid, number)
                    else:
                        f.signal(number)
                    expect_stopped(f.wait(), code)
                    p.await_state("its connections to end", lambda p: p.open == 0)


def test_killed_without_warning():
    """Nothing goes on without the program."""
    with held_in("sync") as p:
        f = start("--compare", p.url("/x"))
        p.await_requests(1)
        f.signal(signal.SIGKILL)
        f.wait().check(True, "")
        p.await_state("its connections to end", lambda p: p.open == 0)


def test_signals_while_a_list_is_read():
    folder = temp_dir()
    os.mkfifo(folder + "/fifo")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        f = start("--compare", "-", stdin="open", env={"TMPDIR": folder})
        wait_until("the list to be read", lambda: any(
            x.startswith(folder) for x in links(f.process.pid)))
        f.signal(number)
        expect_stopped(f.wait(), code)
        f = start("--compare", "--url", f"@{folder}/fifo")  # which has no writer
        wait_until("the list to be opened", lambda: any(
            x == folder + "/fifo" for x in links(f.process.pid)))
        f.signal(number)
        expect_stopped(f.wait(), code)


def links(pid):
    """What its descriptors are; those that are closed meanwhile do not count."""
    found = []
    for x in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{x}"))
        except FileNotFoundError:
            pass
    return found


def test_ignored_sigint_stays_ignored():
    with held_in("sync") as p:
        f = start("--compare", p.url("/x"), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        p.await_requests(1)
        f.signal(signal.SIGINT)
        time.sleep(0.1)
        f.signal(signal.SIGTERM)
        expect_stopped(f.wait(), 143)


# ---- what is printed ----------------------------------------------------------------------------------------------------

def test_silence():
    with Peer(answering(by_path)) as p, refused_port() as closed:
        bad = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        compared("-s", p.url("/9"), bad, code=7, transfers=2, failed=1, size=9, err=[])
        compared("-sS", p.url("/9"), bad, code=7, transfers=2, failed=1, size=9,
                 err=[of_mode(m, failure(bad)) for m in MODES])


def test_verbose():
    with Peer(answering(by_path)) as p:
        r = run("--compare", "-v", p.url("/9"))
        r.check(r.code == 0 and column(table(r), "bytes") == ["9"] * 3, "9 bytes in each mode")
        for m in MODES:
            r.check(f"{m}: [1] > GET /9 HTTP/1.1" in r.stderr, f"the request in {m}")


def test_on_a_terminal():
    """Standard error tells which mode is under way."""
    with Peer(answering(by_path)) as p:
        for options, said in (([], True), (["-s"], False)):
            master, slave = os.openpty()
            r = run("--compare", *options, p.url("/9"), stderr=slave)
            os.close(slave)
            data = b""
            with contextlib.suppress(OSError):  # EIO: the other end is closed
                while piece := os.read(master, 65536):
                    data += piece
            os.close(master)
            r.check(r.code == 0, "success")
            notes = re.findall(r"comparing, (\d) of 3: (\w+)", data.decode())
            assert notes == ([("1", "sync"), ("2", "threads"), ("3", "async")] if said else []), data


def test_standard_output():
    with Peer(answering(by_path)) as p:
        r = run_shell('exec "$@" >&-', "--compare", p.url("/9"))
        r.expect(code=23, err=["afetch: standard output is closed"], total=False)
        assert p.accepts == 0, "nothing is fetched for a table that nobody gets"
        r = run_shell('exec "$@" >/dev/full', "--compare", p.url("/9"))
        r.check(r.code == 23 and "No space left" in r.err.decode(), "exit status 23")
        read_end, write_end = os.pipe()
        os.close(read_end)
        r = run("--compare", p.url("/9"), stdout=write_end)
        os.close(write_end)
        r.check(r.code == 141, "exit status 141")


# ---- usage --------------------------------------------------------------------------------------------------------------

def test_usage_errors():
    with Peer(answering(by_path)) as p:
        for args, says in ((["--sync"], "--compare and --sync contradict each other"),
                           (["--threads"], "--compare and --threads contradict each other"),
                           (["-o", "x"], "--output does not go with --compare"),
                           (["-F", "a=b"], "--form does not go with --compare"),
                           (["-T", "x"], "--upload-file does not go with --compare"),
                           (["-d", "x"], "--data does not go with --compare"),
                           (["-O"], "--remote-name does not go with --compare"),
                           (["--jsonl"], "--jsonl does not go with --compare"),
                           (["--journal", "x"], "--journal does not go with --compare")):
            for all_args in (["--compare", *args, p.url("/9")], [*args, p.url("/9"), "--compare"]):
                r = run(*all_args)
                r.check(r.code == 2 and r.out == b"" and re.search(says, r.err.decode()), f"exit status 2, and {says}")
        r = run("--compare")
        r.check(r.code == 2 and "no URL" in r.err.decode(), "a usage error")
        assert p.accepts == 0, "nothing is fetched"
        run("--compare", "--no-compare", p.url("/3")).expect(out=[f"3 bytes received from {p.url('/3')}"])


# ---- the demo -----------------------------------------------------------------------------------------------------------

def demo(*urls):
    script = os.path.join(HERE, "..", "server", "demo.sh")
    return Running(command=["sh", script, Config.afetch, Config.server, *urls]).wait()


def test_demo_of_urls():
    """They are fetched at once, with a line each, and then by each mode."""
    with Peer(answering(by_path)) as p, refused_port() as closed:
        good, bad = [p.url("/7"), p.url("/8")], f"http://127.0.0.1:{closed.getsockname()[1]}/"
        r = demo(*good)
        r.check(r.code == 0, "exit status 0")
        r.check(all(r.lines.count(line(n, u)) == 1 for n, u in zip((7, 8), good)), "a line for each URL")
        r.check(all(re.search(rf"(?m)^{m} +\S+ +\S+ +\S+ +2 +0 +15 +\S+$", r.out.decode()) for m in MODES), "a table")
        assert len(p.requests) == 8, len(p.requests)
        r = demo(*good, bad)
        r.check(r.code == 7 and "not everything could be fetched" in r.err.decode(), "exit status 7")
        r.check(all(re.search(rf"(?m)^{m} +\S+ +\S+ +\S+ +3 +1 +15 +\S+$", r.out.decode()) for m in MODES), "a table")


def test_demo():
    """Twenty pages over TLS, and times that fit what they take."""
    r = demo()
    r.check(r.code == 0, "exit status 0")
    r.check(len([x for x in r.lines if " bytes received from https://" in x]) == 20, "a line for each of 20 pages")
    r.check(re.search(r"(?m)^async +\S+ +\S+ +\S+ +20 +0 +86600 +\d+(\.\d+)?x$", r.out.decode()), "a table")
    more = [int(x) for x in re.findall(r"took (-?\d+) ms more than", r.out.decode())]
    r.check(len(more) == 2 and min(more) >= 0, "no less time than the slowest page, and than all of them together")
