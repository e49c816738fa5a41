"""What is slow or does not answer holds up nothing else: names, input, readers of the output, FIFOs, file systems. That
the others finish meanwhile is seen by their lines, at the server, or in their files, while the slow one still waits. And
SIGUSR1, which tells what is waited for."""
import contextlib
import os
import re
import resource
import signal
import subprocess
import threading
import time

from harness import (Config, Dns, Peer, answering, by_path, failure, line, live, read_file, refused_port, response, run,
                     start, temp_dir, wait_until, world, write_file)
from stalled_fs import StalledFs

BOTH = ([], ["--sync"])


def never(conn):
    conn.request()
    conn.await_end()


def paired(files, urls):
    """-o FILE for each URL."""
    return [x for f in files for x in ("-o", f)] + list(urls)


def ask_until(f, pattern, timeout=20):
    """SIGUSR1, until an answer matches. f must have begun: before that, the signal ends it."""
    regex = re.compile(pattern.encode())
    end = time.monotonic() + timeout * Config.slow
    while True:
        with f.changed:
            f.signal(signal.SIGUSR1)
            f.changed.wait(0.1)
            if regex.search(f.data["err"]):
                return
        assert time.monotonic() < end, f"no {pattern} in {f.data['err'].decode()}"


def read_all(fd):
    data = b""
    while piece := os.read(fd, 65536):
        data += piece
    os.close(fd)
    return data


def unread_pipe():
    """A pipe whose reader does not read yet: (read end, write end)."""
    return os.pipe()


# ---- names ---------------------------------------------------------------------------------------------------------------

def test_a_name_that_is_not_answered():
    with Dns({"silent.test": "silent", "good.test": ["127.0.0.1"]}) as dns, Peer(answering(by_path)) as p:
        bad = p.url("/1", host="silent.test")
        good = [p.url(f"/{i}", host="good.test" if i % 2 else None) for i in range(50)]
        f = start("-s", "--dns-servers", dns.server, bad, *good)
        f.await_lines(50)
        ask_until(f, re.escape(f"afetch: 1 {bad} resolving ") + r"\d+\.\d s\n")
        f.signal(signal.SIGINT)
        r = f.wait()
        r.check(r.code == 130 and sorted(r.lines) == sorted(line(i, u) for i, u in enumerate(good)), "the others, and 130")


# ---- standard input --------------------------------------------------------------------------------------------------------

def test_a_list_that_goes_on():
    """A line without its end holds up none of those before it, nor the bodies under way."""
    with Peer(answering(by_path)) as p:
        for mode in BOTH:
            urls = [p.url(f"/{i}") for i in range(100)]
            f = start(*mode, "-", stdin="open")
            f.write("\n".join(urls) + "\n" + p.url("/7")[:12])
            f.await_lines(100)
            ask_until(f, "afetch: no transfer is under way; the list of URLs goes on\n")
            f.close()
            r = f.wait()
            r.check(r.lines[:100] == [line(i, u) for i, u in enumerate(urls)] if mode else
                    sorted(r.lines) == sorted(line(i, u) for i, u in enumerate(urls)), "every line")


def test_a_list_that_nobody_writes_yet():
    """Opening the FIFO of a list waits for its writer."""
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        os.mkfifo(folder + "/list")
        f = start(p.url("/3"), "--url", f"@{folder}/list", p.url("/4"))
        f.await_lines(1)
        with open(folder + "/list", "w") as fifo:
            fifo.write(p.url("/5") + "\n")
        f.wait().expect(out=[line(i, p.url(f"/{i}")) for i in (3, 4, 5)])


# ---- standard output and standard error ------------------------------------------------------------------------------------

def test_standard_output_that_is_not_read():
    """More lines than a pipe holds: every URL is fetched although nobody reads; then every line is there."""
    for mode in BOTH:
        with Peer(answering(by_path)) as p:
            urls = [p.url(f"/{i % 10}?{i:040}") for i in range(2500)]
            read_end, write_end = unread_pipe()
            f = start(*mode, "-", stdin="\n".join(urls), stdout=write_end)
            os.close(write_end)
            p.await_requests(2500)
            got = read_all(read_end).decode().splitlines()
            r = f.wait()
            r.check(r.code == 0, "success")
            want = [line(i % 10, u) for i, u in enumerate(urls)]
            assert sum(len(x) + 1 for x in want) > 65536 + 4096, "more than a pipe holds"
            assert got == want if mode else sorted(got) == sorted(want), "every line, in order where there is one"


def test_standard_output_that_is_never_full_of_all():
    """Nothing new is begun when much waits to be printed; nothing is lost then either."""
    for mode in BOTH:
        with Peer(answering(by_path)) as p:
            urls = [p.url(f"/{i % 10}?{i:0200}") for i in range(8000)]
            read_end, write_end = unread_pipe()
            f = start(*mode, "-P", "8", "-", stdin="\n".join(urls), stdout=write_end)
            os.close(write_end)
            p.await_requests(1)
            ask_until(f, r"afetch: \d{6} bytes wait for the reader of standard output")
            seen = -1
            while seen != len(p.requests):  # until nothing has come for a while
                seen = len(p.requests)
                time.sleep(0.3)
            # What a pipe and the queue hold, and what was looked ahead.
            most = (65536 + 262144) // len(line(1, urls[0])) + 1024 + 300
            assert most < 4000 and seen < most, f"{seen} of {len(urls)} were fetched"
            got = read_all(read_end).decode().splitlines()
            r = f.wait()
            r.check(r.code == 0, "success")
            want = [line(i % 10, u) for i, u in enumerate(urls)]
            assert got == want if mode else sorted(got) == sorted(want), "every line"


def test_standard_error_that_is_not_read():
    """Errors and the trace wait for their reader, and nothing for them."""
    for mode in BOTH:
        with Peer(answering(by_path)) as p, refused_port() as s:
            bad = [f"http://127.0.0.1:{s.getsockname()[1]}/{i}" for i in range(10)]
            good = [p.url(f"/{i}?{'x' * 300}") for i in range(300)]
            read_end, write_end = unread_pipe()
            f = start(*mode, "-v", *bad, *good, stderr=write_end)
            os.close(write_end)
            f.await_lines(300)
            err = read_all(read_end).decode()
            r = f.wait()
            r.check(r.code == 7 and sorted(r.lines) == sorted(line(i, u) for i, u in enumerate(good)), "every line, 7")
            assert len(err) > 65536 + 4096, "more than a pipe holds"
            for u in bad:
                assert re.search("^" + failure(u) + "$", err, re.M), u
            for n in range(11, 311):
                mine = [x for x in err.splitlines() if x.startswith(f"[{n}] ")]
                sent = [i for i, x in enumerate(mine) if " > GET " in x]
                came = [i for i, x in enumerate(mine) if " < HTTP/1.1 200" in x]
                assert len(sent) == len(came) == 1 and sent < came, mine
            assert re.fullmatch(r"total: .* 310 URLs .* 10 failed.*", err.splitlines()[-1]), "the total at the end"


def test_both_to_one_reader_keep_their_order():
    """2>&1: what happens to a transfer stands before its line."""
    for mode in BOTH:
        with Peer(answering(by_path)) as p:
            urls = [p.url(f"/{i}") for i in range(300)]
            read_end, write_end = unread_pipe()
            f = start(*mode, "-v", "-", stdin="\n".join(urls), stdout=write_end, stderr=write_end)
            os.close(write_end)
            text = read_all(read_end).decode().splitlines()
            f.wait()
            at = {x: i for i, x in enumerate(text)}
            for i, u in enumerate(urls):
                number = next(x for x in text if x.endswith(f"> GET /{i} HTTP/1.1")).split(" ")[0]
                done = at[line(i, u)]
                assert max(at[x] for x in text if x.startswith(number + " < Content-Length")) < done, u
            assert text[-1].startswith("total: "), text[-1]


def test_a_body_for_standard_output_that_is_not_read():
    """It waits, in bounded memory, and the others have their files."""
    size = 20_000_000
    for name in ("/dev/stdout", "/dev/stderr"):
        with Peer(answering(by_path)) as p:
            folder = temp_dir()
            read_end, write_end = unread_pipe()
            body, others = p.url(f"/{size}"), [p.url(f"/{i}") for i in range(20)]
            stream = {"stdout": write_end} if name == "/dev/stdout" else {"stderr": write_end}
            f = start("-s", *paired([name, *[f"{folder}/{i}" for i in range(20)]], [body, *others]), **stream)
            os.close(write_end)
            wait_until("files", lambda: sorted(os.listdir(folder), key=len) and
                       all(os.path.exists(f"{folder}/{i}") for i in range(20)))
            if not Config.sanitized:
                assert f.peak_memory() < 15_000_000, f.peak_memory()
            got = read_all(read_end)
            r = f.wait()
            r.check(r.code == 0, "success")
            lines = [line(i, u) for i, u in enumerate(others)] + [line(size, body)]
            if name == "/dev/stdout":
                assert got.count(b"x") == size, "the whole body"
                assert got.replace(b"x", b"").decode().splitlines()[-1] == lines[-1], "its line behind it"
                assert sorted(got.replace(b"x", b"").decode().splitlines()) == sorted(lines)
            else:
                assert got == b"x" * size
                r.check(sorted(r.lines) == sorted(lines), "every line")


def test_signals_with_output_that_is_not_read():
    """The end does not wait for a reader that does not read; one that does gets all."""
    for mode in BOTH:
        with Peer(answering(by_path)) as p, Peer(never) as q:
            urls = [p.url(f"/{i % 10}?{'x' * 300}{i}") for i in range(1000)]
            read_end, write_end = unread_pipe()
            f = start(*mode, "-", stdin="\n".join([*urls, q.url()]), stdout=write_end)
            os.close(write_end)
            q.await_requests(1)
            f.signal(signal.SIGTERM)
            r = f.wait()
            r.check(r.code == 143, "exit status 143")
            r.check(any("standard output is not read" in x for x in r.errors), "to be told that lines are lost")
            os.close(read_end)


# ---- FIFOs -------------------------------------------------------------------------------------------------------------------

def test_a_fifo_that_nobody_reads_yet():
    """It is the last to be done, and is done when somebody reads it."""
    for mode in BOTH:
        with Peer(answering(by_path)) as p:
            folder = temp_dir()
            os.mkfifo(folder + "/fifo")
            names = [folder + "/fifo", *[f"{folder}/{i}" for i in range(30)]]
            urls = [p.url("/1000"), *[p.url(f"/{i}") for i in range(30)]]
            f = start(*mode, *paired(names, urls))
            p.await_requests(31)
            if mode:  # whose lines keep their order
                wait_until("the other files", lambda: all(os.path.exists(x) for x in names))
            else:
                f.await_lines(30)
            # For longer than what is given to files at the end of a cancelled run.
            ask_until(f, re.escape(f"afetch: 1 {urls[0]} opening {names[0]} ") + r"[1-9]")
            assert read_file(folder + "/fifo") == b"x" * 1000
            want = [line(1000, urls[0]), *[line(i, u) for i, u in enumerate(urls[1:])]]
            r = f.wait()
            r.check(r.code == 0, "success")
            r.check(r.lines == want if mode else sorted(r.lines) == sorted(want), "every line, in order where there is one")
            r.check(sorted(os.listdir(folder)) == sorted(os.path.basename(x) for x in names), "nothing else")


def test_a_fifo_whose_reader_is_stopped():
    """Its body waits at the server, the others go on."""
    size = 8_000_000
    for mode in BOTH:
        sent = threading.Event()

        def serve(conn):
            while request := conn.request():
                conn.send(by_path(request))
                if request.target == f"/{size}":
                    sent.set()

        with Peer(serve) as p:
            folder = temp_dir()
            os.mkfifo(folder + "/fifo")
            # Opened for both, so that it is there before afetch is.
            with open(folder + "/copy", "wb") as copy:
                reader = subprocess.Popen(["sh", "-c", f"exec 3<>{folder}/fifo; kill -STOP $$; exec cat <{folder}/fifo 3>&-"],
                                          stdout=copy)
            live.add(reader)
            os.waitpid(reader.pid, os.WUNTRACED)
            # The large one last: --sync has the others before it.
            names = [*[f"{folder}/{i}" for i in range(20)], folder + "/fifo"]
            urls = [*[p.url(f"/{i}") for i in range(20)], p.url(f"/{size}")]
            if not mode:
                names, urls = names[::-1], urls[::-1]
            f = start(*mode, *paired(names, urls))
            f.await_lines(20)
            ask_until(f, re.escape(f" {p.url(f'/{size}')} writing {folder}/fifo ") + r"\d")
            assert not sent.is_set(), "the server has not sent all"
            if not Config.sanitized:
                assert f.peak_memory() < 15_000_000, f.peak_memory()
            os.kill(reader.pid, signal.SIGCONT)
            r = f.wait()
            r.check(r.code == 0 and line(size, p.url(f"/{size}")) in r.lines, "success")
            reader.wait(20)
            assert read_file(folder + "/copy") == b"x" * size


def test_as_many_stalled_files_as_there_are_places():
    """One place of -P less than that are stalled: it does for all the others."""
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        fifos = [f"{folder}/fifo{i}" for i in range(7)]
        for x in fifos:
            os.mkfifo(x)
        names = [*fifos, *[f"{folder}/{i}" for i in range(200)]]
        urls = [*[p.url(f"/{300_000 + i}") for i in range(7)], *[p.url(f"/{i}") for i in range(200)]]
        f = start("-P", "8", *paired(names, urls))
        f.await_lines(200)
        readers = [subprocess.Popen(["cat", x], stdout=subprocess.PIPE) for x in fifos]
        live.update(readers)
        for i, x in enumerate(readers):
            assert len(x.stdout.read()) == 300_000 + i
            x.wait()
        f.wait().expect(out=[*[line(300_000 + i, u) for i, u in enumerate(urls[:7])],
                             *[line(i, u) for i, u in enumerate(urls[7:])]])


def test_a_time_out_with_a_stalled_file():
    """The transfer fails and so the run ends, whatever its thread still waits for."""
    for mode in BOTH:
        with Peer(answering(by_path)) as p:
            folder = temp_dir()
            os.mkfifo(folder + "/fifo")
            urls = [p.url("/2000000"), p.url("/3")]
            r = run(*mode, "-m", "0.5", *paired([folder + "/fifo", folder + "/a"], urls))
            r.expect(code=28, out=[line(3, urls[1])], err=[failure(urls[0], "timed out.*")])
            r.check(r.seconds < 10 * Config.slow, "to end soon")
            assert sorted(os.listdir(folder)) == ["a", "fifo"]


def test_signals_with_a_stalled_fifo():
    for mode in BOTH:
        for size in (3, 2_000_000):  # done but for its file; waiting for room
            with Peer(answering(by_path)) as p:
                folder = temp_dir()
                os.mkfifo(folder + "/fifo")
                urls = [p.url(f"/{size}"), p.url("/4")]
                f = start(*mode, *paired([folder + "/fifo", folder + "/a"], urls))
                p.await_requests(1)
                ask_until(f, re.escape(f"{urls[0]} opening {folder}/fifo "))
                f.signal(signal.SIGINT)
                r = f.wait()
                r.check(r.code == 130, "exit status 130")
                r.check(any(re.fullmatch(failure(urls[0], "stopped by SIGINT"), x) for x in r.errors), "to be told")
                r.check(r.seconds < 10 * Config.slow, "to end soon")
                assert set(os.listdir(folder)) <= {"a", "fifo"}, os.listdir(folder)


# ---- a file system ----------------------------------------------------------------------------------------------------------

def test_a_stalled_file_system():
    """Wherever it stalls, the others finish; when it goes on, so does the file."""
    for size in (100, 3_000_000):
        for where in ("lookup", "create", "write", "close", "rename"):
            with StalledFs() as fs, Peer(answering(by_path)) as p:
                folder = temp_dir()
                stalled = [p.url(f"/{size}?{i}") for i in range(3)]
                others = [p.url(f"/{i}") for i in range(40)]
                names = [f"{fs.folder}/{i}" for i in range(3)] + [f"{folder}/{i}" for i in range(40)]
                fs.stall(where)
                f = start(*paired(names, stalled + others))
                f.await_lines(40)
                fs.await_held(where)
                done = {"lookup": "looking up", "create": "opening", "write": "writing", "close": "closing",
                        "rename": "closing"}[where]
                ask_until(f, rf"afetch: (\d )?{re.escape(p.url(f'/{size}?'))}\d {done} {fs.folder}/\d \d+\.\d s\n")
                # All names of one folder are looked up by one thread.
                assert not set(fs.names()) & {"0", "1", "2"}, "no file before it is whole"
                fs.go()
                r = f.wait()
                r.check(r.code == 0 and sorted(r.lines) == sorted(
                    [line(i, u) for i, u in enumerate(others)] + [line(size, u) for u in stalled]), "success")
                assert fs.names() == ["0", "1", "2"], fs.names()
                assert all(fs.content(str(i)) == b"x" * size for i in range(3))


def test_a_stalled_file_system_one_at_a_time():
    """The requests go on, the lines wait for their turn."""
    for where in ("create", "write", "close", "rename"):
        with StalledFs() as fs, Peer(answering(by_path)) as p:
            folder = temp_dir()
            urls = [p.url(f"/{100 + i}") for i in range(30)]
            names = [f"{fs.folder}/0", *[f"{folder}/{i}" for i in range(1, 30)]]
            fs.stall(where)
            f = start("--sync", *paired(names, urls))
            wait_until("the other files", lambda: len([x for x in os.listdir(folder) if x[0] != "."]) == 29)
            fs.await_held(where)
            assert p.max_open == 1 and f.data["out"] == b"", f.data
            fs.go()
            f.wait().expect(out=[line(100 + i, u) for i, u in enumerate(urls)], ordered=True)
            assert fs.content("0") == b"x" * 100


def test_signals_with_a_stalled_file_system():
    """The run ends at once; what can be removed is, and what cannot is told."""
    for where in (("create",), ("write",), ("close",), ("rename",), ("write", "unlink")):
        for mode in BOTH:
            with StalledFs() as fs, Peer(answering(by_path)) as p:
                url = p.url("/2000000")
                fs.stall(*where)
                f = start(*mode, "-o", fs.folder + "/out", url)
                fs.await_held(where[0])
                f.signal(signal.SIGINT)
                r = f.wait()
                r.check(r.code == 130 and r.out == b"", "exit status 130")
                r.check(r.seconds < 10 * Config.slow, "to end soon")
                told = [x for x in r.errors if x.startswith("afetch: warning: ")]
                if "unlink" in where:
                    r.check(len(told) == 1 and f"{fs.folder}/{fs.names()[0]} is left behind" in told[0], "one warning")
                    assert len(fs.names()) == 1 and fs.names()[0].startswith(".out.afetch-"), fs.names()
                else:
                    r.check(not told and fs.names() == [], f"nothing left ({fs.names()})")


def test_files_fail_as_ever():
    """Without a stall: at opening, at writing, at the end; among others that succeed."""
    with Peer(answering(by_path)) as p:
        for mode in BOTH:
            folder = temp_dir()
            os.mkfifo(folder + "/fifo")
            reader = os.open(folder + "/fifo", os.O_RDONLY | os.O_NONBLOCK)
            threading.Timer(0.2, os.close, (reader,)).start()
            names = ["/dev/full", folder + "/no/such", folder + "/fifo", *[f"{folder}/{i}" for i in range(10)]]
            urls = [p.url("/100"), p.url("/200"), p.url("/3000000"), *[p.url(f"/{i}") for i in range(10)]]
            run(*mode, *paired(names, urls)).expect(
                code=23, out=[line(i, u) for i, u in enumerate(urls[3:])],
                err=[failure(urls[0], "could not write: /dev/full: No space left.*"),
                     failure(urls[1], "could not write: .*/no/such: No such file.*"),
                     failure(urls[2], "could not write: .*/fifo: Broken pipe")])
            assert sorted(os.listdir(folder)) == sorted(["fifo", *map(str, range(10))])


def test_a_file_that_grows_too_large():
    """Failures of a write in the middle of a body, by a limit that holds for this program alone."""
    with Peer(answering(by_path)) as p:
        for mode in BOTH:
            folder = temp_dir()
            urls = [p.url("/5000000"), p.url("/1000")]
            f = start(*mode, *paired([folder + "/large", folder + "/small"], urls),
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)))
            f.wait().expect(code=23, out=[line(1000, urls[1])],
                            err=[failure(urls[0], "could not write: .*/large: File too large")])
            assert os.listdir(folder) == ["small"]


def test_names_in_the_order_of_the_inputs():
    """Of many with one name the first has it, however many look names up."""
    with Peer(answering(lambda q: response(q.target.encode()))) as p:
        for mode in BOTH:
            folder = temp_dir()
            urls = [p.url(f"/{i}") for i in range(200)]
            spelt = [folder + "/out", folder + "//out", folder + "/./out"]
            files = [spelt[i % 3] if i % 2 else f"{folder}/{i}" for i in range(200)]
            r = run(*mode, *paired(files, urls))
            r.check(r.code == 23 and len(r.errors) == 99, "99 failures")
            assert read_file(folder + "/out") == b"/1"
            r.check(len(r.lines) == 101, "101 lines")


# ---- SIGUSR1 -----------------------------------------------------------------------------------------------------------------

def test_sigusr1():
    """Each transfer, what it waits for, and since when; also under -s; and the run goes on."""
    go = threading.Event()

    def held(request):
        go.wait(60)
        return by_path(request)

    for mode in BOTH:
        go.clear()
        with Peer(answering(held)) as p:
            urls = [p.url(f"/{i}") for i in range(5)]
            f = start(*mode, "-s", *urls)
            p.await_requests(1 if mode else 5)
            ask_until(f, "".join(re.escape(f"afetch: {i + 1} {u} {'placing' if mode and i else 'receiving'} ") +
                                 r"\d+\.\d s\n" for i, u in enumerate(urls)))
            go.set()
            r = f.wait()
            r.check(r.code == 0 and sorted(r.lines) == sorted(line(i, u) for i, u in enumerate(urls)), "success")


def test_sigusr1_without_a_transfer():
    with Peer(answering(by_path)) as p:
        for mode in BOTH:
            f = start(*mode, "-s", "-", stdin="open")
            f.write(p.url("/3") + "\n")
            f.await_lines(1)
            ask_until(f, "afetch: no transfer is under way; the list of URLs goes on\n")
            f.close()
            r = f.wait()
            r.check(r.code == 0, "success")


def test_sigusr1_at_the_end():
    """All is done but for its reader."""
    with Peer(answering(by_path)) as p:
        urls = [p.url(f"/1?{'x' * 300}{i}") for i in range(700)]
        read_end, write_end = unread_pipe()
        f = start("-", stdin="\n".join(urls), stdout=write_end)
        os.close(write_end)
        p.await_requests(700)
        ask_until(f, r"afetch: \d+ bytes wait for the reader of standard output")
        got = read_all(read_end)
        r = f.wait()
        r.check(r.code == 0 and got.count(b"\n") == 700, "success, every line")


def test_sigusr1_from_the_very_beginning():
    """It never ends the program."""
    with Peer(answering(by_path)) as p, contextlib.ExitStack() as stack:
        for _ in range(20):
            f = start("-", stdin="open")
            stack.callback(f.process.wait)
            f.write(p.url("/3") + "\n")
            f.await_lines(1)
            for _ in range(20):
                f.signal(signal.SIGUSR1)
            f.close()
            r = f.wait()
            r.check(r.code == 0 and r.lines == [line(3, p.url("/3"))], "success")
