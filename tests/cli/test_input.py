"""URLs from standard input and from files: as a stream, in any shape, with errors that name the line."""
import fcntl
import os
import threading
import time

from harness import (Config, Peer, answering, bad_line, by_path, line, response, run, run_shell, start, temp_dir,
                     write_file)


def test_stdin_as_a_stream():
    """A line is fetched while the pipe is still open."""
    for mode in ([], ["--sync"]):
        with Peer(answering(by_path)) as p:
            f = start(*mode, "-", stdin="open")
            for i in range(3):
                f.write(p.url(f"/{i}") + "\n")
                f.await_output(f"/{i}\n")
            f.close()
            f.wait().expect(out=[line(i, p.url(f"/{i}")) for i in range(3)], ordered=True)


def test_a_line_in_pieces():
    with Peer(answering(by_path)) as p:
        f = start("-", stdin="open")
        f.write(p.url("/1") + "\n" + p.url("/2")[:9])
        f.await_output("/1\n")
        assert len(p.requests) == 1
        f.write(p.url("/2")[9:])
        f.close()  # and no line end
        f.wait().expect(out=[line(1, p.url("/1")), line(2, p.url("/2"))])


def test_url_option_with_a_file():
    with Peer(answering(by_path)) as p:
        urls = [p.url(f"/{i}") for i in range(5)]
        path = write_file(os.path.join(temp_dir(), "list"), "\n".join(urls[1:4]) + "\n")
        expected = [line(i, u) for i, u in enumerate(urls)]
        run("--sync", "--url", urls[0], "--url", "@" + path, urls[4]).expect(out=expected, ordered=True)
        run("--url=@" + path).expect(out=expected[1:4])
        run("--url", "@-", stdin="\n".join(urls)).expect(out=expected)
        run("--sync", urls[0], "-", urls[4], stdin="\n".join(urls[1:4])).expect(out=expected, ordered=True)


def test_two_files():
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        write_file(folder + "/a", p.url("/1") + "\n" + p.url("/2"))
        write_file(folder + "/b", p.url("/3") + "\n")
        run("--sync", "--url", f"@{folder}/a", "--url", f"@{folder}/b").expect(
            out=[line(i, p.url(f"/{i}")) for i in (1, 2, 3)], ordered=True)


def test_shapes_of_lines():
    with Peer(answering(by_path)) as p:
        text = ("\ufeff" + p.url("/1") + "\r\n" + "\n\r\n# a comment\n" + p.url("/2") + "\n#\n" + p.url("/3") + "\r\n" +
                p.url("/4"))
        for options in (["-"], ["--sync", "-"]):
            run(*options, stdin=text).expect(out=[line(i, p.url(f"/{i}")) for i in (1, 2, 3, 4)])
        path = write_file(os.path.join(temp_dir(), "list"), text)
        run("--url", "@" + path).expect(out=[line(i, p.url(f"/{i}")) for i in (1, 2, 3, 4)])


def test_nothing_is_globbed_in_a_list():
    with Peer(answering(lambda q: response(b"12"))) as p:
        urls = [p.url("/{a,b}"), p.url("/[1-3]")]
        run("-", stdin="\n".join(urls)).expect(out=[line(2, u) for u in urls])
        assert len(p.requests) == 2


def test_empty_lists_are_a_success():
    for text in ("", "\n", "# nothing\n\n", "\ufeff"):
        run("-", stdin=text).expect()
    empty = write_file(os.path.join(temp_dir(), "list"), "")
    run("--url", "@" + empty).expect()
    run("--sync", "-", stdin="").expect()


def test_a_url_twice_is_fetched_twice():
    with Peer(answering(by_path)) as p:
        run(p.url("/5"), p.url("/5")).expect(out=[line(5, p.url("/5"))] * 2)
        run("-", stdin=(p.url("/5") + "\n") * 3).expect(out=[line(5, p.url("/5"))] * 3)
        assert len(p.requests) == 5


def test_bad_lines():
    """Each is one failure with its line number; skipped lines count; the rest goes on."""
    with Peer(answering(by_path)) as p:
        good = [p.url("/1"), p.url("/2")]
        text = b"\n".join([
            good[0].encode(),                   # 1
            b"# comment",                       # 2
            b"http://",                         # 3
            b"",                                # 4
            p.url("/a\0b").encode(),            # 5
            b"ftp://example.com/",              # 6
            p.url("/\x07bell").encode(),        # 7
            b"http://[::1",                     # 8
            p.url("/\xff\xfe").encode("latin-1"),  # 9: not UTF-8
            good[1].encode(),                   # 10
        ]) + b"\n"
        for mode in ([], ["--sync"]):
            r = run(*mode, "-", stdin=text)
            r.expect(code=123, out=[line(1, good[0]), line(2, good[1])],
                     err=[bad_line(3, ".*malformed URL.*"), bad_line(5, ".*(control|NUL).*"),
                          bad_line(6, ".*unsupported scheme.*"), bad_line(7, ".*control.*"),
                          bad_line(8, ".*malformed URL.*"), bad_line(9, ".*UTF-8.*")])
            r.check(b"\0" not in r.err and b"\x07" not in r.err, "no control characters on standard error")
        assert len(p.requests) == 4


def test_bad_lines_alone():
    """The exit codes: of a malformed URL, of a scheme."""
    run("-", stdin="http://\n").expect(code=3, err=[bad_line(1)])
    run("-", stdin="\n\ngopher://x/\n").expect(code=1, err=[bad_line(3)])
    run("-", stdin=b"http://a/\0\n").expect(code=3, err=[bad_line(1)])


def test_bad_lines_of_a_file():
    path = write_file(os.path.join(temp_dir(), "list"), "\nhttp://\n")
    run("--url", "@" + path).expect(code=3, err=[bad_line(2)])


def test_long_lines():
    """64 KiB are a line; more are not, and what follows is read."""
    with Peer(answering(lambda q: response(b"ok"))) as p:
        def url(size):
            return p.url("/") + "a" * (size - len(p.url("/")))
        longest, over, way_over = url(65536), url(65537), url(3_000_000)
        good = p.url("/good")
        for mode in ([], ["--sync"]):
            r = run(*mode, "-", stdin="\n".join([longest, over, good, way_over, good]))
            r.check(r.code == 3, "exit status 3")
            r.check(r.lines.count(line(2, good)) == 2, "the good ones fetched")
            r.check(len(r.lines) == 3 and any(x.startswith(f"2 bytes received from {p.url('/')}aaaa") for x in r.lines),
                    "the line of 64 KiB fetched")
            r.check(len(r.errors) == 2 and all("64 KiB" in x for x in r.errors), "two lines over 64 KiB")
            r.check(r.errors[0].startswith("afetch: line 2: ") and r.errors[1].startswith("afetch: line 4: "),
                    "the numbers of these lines")
            r.check(all(len(x) < 500 for x in r.errors), "no flood")


def test_binary_input():
    """No URL in it, no harm by it."""
    data = bytes(range(256)) * 40
    r = run("-", stdin=data)
    r.check(r.code not in (0, 2) and r.out == b"", "failures")
    r.check(not any(c < 32 and c not in (9, 10) for c in r.err), "no control characters on standard error")


def test_options_and_urls_in_any_order():
    with Peer(answering(by_path)) as p:
        run(p.url("/1"), "-s", p.url("/2"), "-A", "x", "--", p.url("/3")).expect(
            out=[line(i, p.url(f"/{i}")) for i in (1, 2, 3)], total=False)
        assert all(q.get("User-Agent") == ["x"] for q in p.requests)


def test_the_end_of_options():
    """After -- a lone dash is no list, and --sync no option."""
    r = run("--", "--sync")
    r.check(r.code != 2 and r.out == b"", "a URL (of a host that is not there)")


def test_standard_input_is_left_to_others():
    """URLs on the command line: what stands on standard input is for the next command."""
    with Peer(answering(by_path)) as p:
        r = run_shell('"$@"; cat', "-s", p.url("/3"), stdin="left alone\n")
        r.check(r.out.decode() == line(3, p.url("/3")) + "\nleft alone\n", "the input to be there still")


def test_standard_streams_stay_blocking():
    """They are shared with the shell's other programs."""
    with Peer(answering(by_path)) as p:
        pipes = [os.pipe() for _ in range(3)]
        os.write(pipes[0][1], (p.url("/3") + "\n").encode())
        f = start("-", stdin=pipes[0][0], stdout=pipes[1][1], stderr=pipes[2][1])
        p.await_requests(1)
        for fd in (pipes[0][0], pipes[1][1], pipes[2][1]):
            assert not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK, "non-blocking while it runs"
        os.close(pipes[0][1])
        r = f.wait()
        r.check(r.code == 0, "success")
        for fd in (pipes[0][0], pipes[1][1], pipes[2][1]):
            assert not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK, "non-blocking afterwards"
        assert os.read(pipes[1][0], 1000).decode() == line(3, p.url("/3")) + "\n"


def test_unreadable_lists():
    with Peer(answering(by_path)):
        folder = temp_dir()
        for path in (folder + "/none", folder):
            r = run("--url", "@" + path)
            r.check(r.code == 26 and r.out == b"", "exit status 26")
            r.check(any(path in x for x in r.errors), "the name of the file")


def test_input_is_read_no_faster_than_it_is_used():
    """The look-ahead is max(4 P, 1024) inputs: the rest stays in the pipe."""
    go = threading.Event()

    def held(request):
        go.wait(60)
        return response(b"1")

    with Peer(answering(held)) as p:
        urls = [p.url(f"/{i:06}") for i in range(30_000)]
        data = ("\n".join(urls) + "\n").encode()
        f = start("-P", "2", "-s", "-", stdin="open")
        sent = []

        def feed():
            at = 0
            while at < len(data):
                try:
                    n = os.write(f.process.stdin.fileno(), data[at:at + 4096])
                except OSError:
                    return
                at += n
                sent.append(n)

        thread = threading.Thread(target=feed, daemon=True)
        thread.start()
        p.await_requests(2)
        before = -1
        while before != len(sent):  # until the pipe has been full for a while
            before = len(sent)
            thread.join(0.4)
        taken = sum(sent)
        # 1024 lines, a pipe of 64 KiB, and buffers of the reader's.
        assert taken < 1024 * len(urls[0]) + 512 * 1024, f"{taken} of {len(data)} bytes were read"
        f.signal(15)
        go.set()
        r = f.wait()
        r.check(r.code == 143, "exit status 143")


def test_idle_input_costs_no_cpu():
    with Peer(answering(by_path)) as p:
        for mode in ([], ["--sync"]):
            f = start(*mode, "-", stdin="open")
            f.write(p.url("/3") + "\n")
            f.await_output("/3\n")
            time.sleep(0.7)  # what is measured
            f.close()
            r = f.wait().expect(out=[line(3, p.url("/3"))])
            r.check(r.cpu < (0.4 if Config.sanitized else 0.15), f"little CPU time (it was {r.cpu:.2f} s)")


def test_repeated():
    with Peer(answering(by_path)) as p:
        r = run("--repeat", "3", p.url("/{1,2}"))
        r.expect(out=[line(1, p.url("/1"))] * 3 + [line(2, p.url("/2"))] * 3)
        r.expect_total(9, 6)
        assert sorted(q.first.split()[1] for q in p.requests) == ["/1"] * 3 + ["/2"] * 3


def test_shards():
    """Each URL is taken by one of the shards, those of a host by the same one; what is no URL by the first."""
    hosts = [f"host{i}.test" for i in range(20)]
    lines = [f"http://{h}/{i}" for h in hosts for i in (1, 2)] + ["http://["]
    taken = []
    for k in (1, 2, 3):
        r = run("--dry-run", "--shard", f"{k}/3", "-", stdin="\n".join(lines))
        r.check(r.code == (3 if k == 1 else 0) and r.total is None, "what is no URL fails in the first shard")
        plan = [x.split(" ", 1) for x in r.out.decode().splitlines()]
        r.check(all(lines[int(n) - 1] == url for n, url in plan), "numbers are those of the whole list")
        taken.append([url for _, url in plan])
        r.check(len(plan) > 0, "some are taken")
    assert sorted(sum(taken, [])) == sorted(lines[:-1])
    for t in taken:
        assert all(f"http://{h}/1" in t for h in hosts if f"http://{h}/2" in t)
    for bad in ("0/3", "4/3", "3", "a/b"):
        r = run("--shard", bad, "http://a/")
        r.check(r.code == 2 and b"is not K/N" in r.err, "a usage error")


def test_planned():
    r = run("--dry-run", "-o", "{n}-{name}", "http://h.test/{a,b}.html", "ftp://h.test/", "http://me:secret@h.test")
    r.check(r.code == 1, "exit status 1")
    r.check(r.out.decode().splitlines() == ["1 http://h.test/a.html -> 1-a.html", "2 http://h.test/b.html -> 2-b.html",
                                            "4 http://h.test -> 4-index"], "the plan")
    r.check(b"ftp://h.test/: unsupported scheme" in r.err and b"secret" not in r.err + r.out, "what cannot be fetched")
    r = run("--dry-run", "--url-query", "a=b", "http://h.test/x?c")
    r.check(r.out == b"1 http://h.test/x?c&a=b\n", "with what is added")


def test_planned_without_a_trace():
    """--dry-run leaves every file as it is."""
    folder = temp_dir()
    files = {x: write_file(os.path.join(folder, x), "keep\n") for x in ("c", "h", "j", "p", "r", "d", "t", "failed")}
    r = run("--dry-run", "-c", files["c"], "--har", files["h"], "--jsonl=" + files["j"], "--perfetto", files["p"], "--report",
            files["r"], "-D", files["d"], "--trace", files["t"], "--failed", files["failed"],
            "http://h.test/")
    r.check(r.code == 0 and r.out == b"1 http://h.test/\n", "the plan")
    for name, path in files.items():
        assert open(path, encoding="ascii").read() == "keep\n", name


def test_a_mistake_leaves_reports():
    """What the library finds wrong is found before the files of an earlier run are emptied."""
    folder = temp_dir()
    files = [write_file(os.path.join(folder, x), "keep\n") for x in ("h", "j")]
    for args, code in ((["--ciphers", "nosuch"], 59), (["-E", folder + "/none"], 58), (["-x", "foo://x"], 7)):
        r = run(*args, "--har", files[0], "--jsonl=" + files[1], "http://127.0.0.1:1/")
        r.check(r.code == code, f"exit status {code}")
        assert all(open(x, encoding="ascii").read() == "keep\n" for x in files), args
