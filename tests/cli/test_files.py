"""-o FILE: whole or not at all, and never what should not be replaced."""
import contextlib
import os
import re
import stat
import threading

from harness import (Peer, Skip, answering, by_path, failure, line, read_file, response, run, start,
                     temp_dir, wait_until, world, write_file)

BODY = b"the body, all of it"


def body_peer():
    return Peer(answering(lambda q: response(BODY)))


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_file():
    with body_peer() as p:
        for mode in ([], ["--sync"]):
            folder = temp_dir()
            old = os.umask(0o027)
            try:
                run(*mode, "-o", folder + "/out", p.url()).expect(out=[line(len(BODY), p.url())])
            finally:
                os.umask(old)
            assert read_file(folder + "/out") == BODY
            assert mode_of(folder + "/out") == 0o640, oct(mode_of(folder + "/out"))
            assert os.listdir(folder) == ["out"]


def test_a_large_file():
    for mode in ([], ["--sync"]):
        folder = temp_dir()
        urls = [world.url("http", "/big"), world.url("http", "/chunked/mega")]
        run(*mode, "-o", folder + "/a", "-o", folder + "/b", *urls).expect(
            out=[line(world.sizes["big"], urls[0]), line(1 << 20, urls[1])])
        assert read_file(folder + "/a") == world.content(world.sizes["big"])
        assert read_file(folder + "/b") == world.content(1 << 20)


def test_an_empty_file():
    folder = temp_dir()
    url = world.url("http", "/empty")
    run("-o", folder + "/out", url).expect(out=[line(0, url)])
    assert read_file(folder + "/out") == b""


def test_a_relative_name():
    folder = temp_dir()
    with body_peer() as p:
        run("-o", "out", p.url(), cwd=folder).expect(out=[line(len(BODY), p.url())])
    assert read_file(folder + "/out") == BODY


def test_whole_or_not_at_all():
    """Under the name there is the old file until all of the new one is there."""
    for mode in ([], ["--sync"]):
        for old in (b"old", None):
            folder = temp_dir()
            name = folder + "/out"
            if old is not None:
                write_file(name, old)
            seen, go = threading.Event(), threading.Event()

            def serve(conn):
                conn.request()
                conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"n" * 150_000)
                seen.set()
                go.wait(20)
                conn.send(b"n" * 50_000)

            with Peer(serve) as p:
                f = start(*mode, "-o", name, p.url())
                seen.wait(20)
                wait_until("a temporary file with bytes", lambda: any(
                    os.path.getsize(os.path.join(folder, x)) for x in os.listdir(folder) if x != "out"))
                assert (read_file(name) if os.path.exists(name) else None) == old, "the old one, while it runs"
                go.set()
                f.wait().expect(out=[line(200_000, p.url())])
            assert read_file(name) == b"n" * 200_000
            assert os.listdir(folder) == ["out"], os.listdir(folder)


def test_a_failure_leaves_nothing():
    def broken(conn):
        q = conn.request()
        if q.target == "/cut":
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        elif q.target == "/404":
            conn.send(response(b"an error page", status="404 Not Found"))

    for mode in ([], ["--sync"]):
        for target, code in (("/cut", 18), ("/404", 22), ("/empty", 52)):
            for old in (b"old", None):
                folder = temp_dir()
                if old is not None:
                    write_file(folder + "/out", old)
                with Peer(broken) as p:
                    run(*mode, "-o", folder + "/out", p.url(target)).expect(code=code, err=[failure(p.url(target))])
                assert os.listdir(folder) == (["out"] if old else []), os.listdir(folder)
                assert old is None or read_file(folder + "/out") == old


def test_not_modified_leaves_the_file():
    with Peer(answering(lambda q: b"HTTP/1.1 304 Not Modified\r\n\r\n")) as p:
        folder = temp_dir()
        write_file(folder + "/out", "old")
        run("-o", folder + "/out", p.url()).expect(out=[line(0, p.url())])
        assert read_file(folder + "/out") == b"old"
        run("-o", folder + "/other", p.url()).expect(out=[line(0, p.url())])
        assert os.listdir(folder) == ["out"], os.listdir(folder)


def test_the_mode_is_kept():
    with body_peer() as p:
        for mode in (0o600, 0o664, 0o755, 0o444 if os.geteuid() == 0 else 0o644):
            folder = temp_dir()
            name = write_file(folder + "/out", "old", mode)
            run("-o", name, p.url()).expect(out=[line(len(BODY), p.url())])
            assert read_file(name) == BODY
            assert mode_of(name) == mode, (oct(mode), oct(mode_of(name)))


def test_a_symbolic_link():
    """Its target is replaced, not the link."""
    with body_peer() as p:
        folder = temp_dir()
        os.mkdir(folder + "/there")
        write_file(folder + "/there/target", "old")
        os.symlink("there/target", folder + "/link")
        os.symlink("link", folder + "/link2")
        run("-o", folder + "/link2", p.url()).expect(out=[line(len(BODY), p.url())])
        assert os.path.islink(folder + "/link") and os.path.islink(folder + "/link2")
        assert read_file(folder + "/there/target") == BODY
        assert os.listdir(folder + "/there") == ["target"] and sorted(os.listdir(folder)) == ["link", "link2", "there"]


def test_a_dangling_link():
    with body_peer() as p:
        folder = temp_dir()
        os.symlink("target", folder + "/link")
        run("-o", folder + "/link", p.url()).expect(out=[line(len(BODY), p.url())])
        assert os.path.islink(folder + "/link") and read_file(folder + "/target") == BODY


def test_a_loop_of_links():
    with body_peer() as p:
        folder = temp_dir()
        os.symlink("b", folder + "/a")
        os.symlink("a", folder + "/b")
        run("-o", folder + "/a", p.url()).expect(code=23, err=[failure(p.url(), "could not write.*")])
        assert sorted(os.listdir(folder)) == ["a", "b"]


def test_a_fifo():
    with body_peer() as p:
        for mode in ([], ["--sync"]):
            folder = temp_dir()
            os.mkfifo(folder + "/fifo")
            got = []
            reader = threading.Thread(target=lambda: got.append(read_file(folder + "/fifo")), daemon=True)
            reader.start()
            run(*mode, "-o", folder + "/fifo", p.url()).expect(out=[line(len(BODY), p.url())])
            reader.join(10)
            assert got == [BODY], got
            assert stat.S_ISFIFO(os.stat(folder + "/fifo").st_mode) and os.listdir(folder) == ["fifo"]


def test_a_directory():
    with body_peer() as p:
        folder = temp_dir()
        run("-o", folder, p.url()).expect(code=23, err=[failure(p.url(), "could not write.*directory.*")])


def test_a_missing_directory():
    with body_peer() as p:
        folder, good = temp_dir(), world.url("http", "/small")
        for mode in ([], ["--sync"]):
            run(*mode, "-o", folder + "/none/out", "-o", folder + "/out", p.url(), good).expect(
                code=23, out=[line(5, good)], err=[failure(p.url(), "could not write: .*/none/out.*No such file.*")])
        assert os.listdir(folder) == ["out"]


def test_a_full_disk():
    with body_peer() as p:
        if not os.path.exists("/dev/full"):
            raise Skip("no /dev/full")
        before = os.stat("/dev/full").st_rdev
        run("-o", "/dev/full", p.url()).expect(code=23, err=[failure(p.url(), "could not write.*No space left.*")])
        assert os.stat("/dev/full").st_rdev == before


def test_two_urls_of_one_name():
    """The second one fails before it is fetched."""
    with body_peer() as p:
        for mode in ([], ["--sync"]):
            del p.requests[:]
            folder = temp_dir()
            a, b = p.url("/a"), p.url("/b")
            run(*mode, "-o", folder + "/out", a, b).expect(code=23, out=[line(len(BODY), a)],
                                                         err=[failure(b, "could not write.*")])
            assert [q.target for q in p.requests] == ["/a"], [q.target for q in p.requests]
            assert os.listdir(folder) == ["out"]


def test_two_spellings_of_one_name():
    with body_peer() as p:
        folder = temp_dir()
        a, b = p.url("/a"), p.url("/b")
        r = run("-o", folder + "/out", "-o", folder + "/./out", a, b)
        r.expect(code=23, out=[line(len(BODY), a)], err=[failure(b, "could not write.*")])


def test_an_output_for_each():
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        urls = [p.url(f"/{i}") for i in (1, 2, 3)]
        run("-o", folder + "/a", "-o", folder + "/b", "-o", folder + "/c", *urls).expect(
            out=[line(i + 1, u) for i, u in enumerate(urls)])
        assert [len(read_file(folder + "/" + n)) for n in "abc"] == [1, 2, 3]


def test_templates():
    with Peer(answering(lambda q: response(q.target.encode()))) as p:
        folder = temp_dir()
        urls = [p.url("/dir/x.html"), p.url("/y%20z"), p.url("/"), p.url("/.hidden"), p.url("/%2e%2e%2fescape")]
        run("-o", folder + "/{n}-{host}-{name}-{{}", *urls).expect(
            out=[line(len(u) - len(p.url("/")) + 1, u) for u in urls])
        names = sorted(os.listdir(folder))
        assert len(names) == 5 and names[:3] == ["1-127.0.0.1-x.html-{}", "2-127.0.0.1-y z-{}",
                                                 "3-127.0.0.1-index-{}"], names
        assert "/" not in names[4] and not names[3].split("-")[2].startswith("."), names
        assert read_file(folder + "/" + names[1]) == b"/y%20z"


def test_dev_null():
    """As root too it stays what it is; a node of our own is tried first."""
    with body_peer() as p:
        ours = temp_dir() + "/null"
        if os.geteuid() == 0:
            try:
                os.mknod(ours, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
                with open(ours, "wb"):
                    pass
            except OSError:
                ours = None
        else:
            ours = None
        for mode in ([], ["--sync"]):
            if ours:
                before = os.lstat(ours)
                run(*mode, "-o", ours, p.url()).expect(out=[line(len(BODY), p.url())])
                after = os.lstat(ours)
                assert (after.st_ino, after.st_rdev, after.st_mode) == (before.st_ino, before.st_rdev, before.st_mode)
                assert os.listdir(os.path.dirname(ours)) == ["null"]
                link = temp_dir() + "/link"
                os.symlink(ours, link)
                run(*mode, "-o", link, p.url()).expect(out=[line(len(BODY), p.url())])
                assert os.path.islink(link) and os.lstat(ours).st_rdev == before.st_rdev
            check_real_dev_null(mode, p)


def check_real_dev_null(mode, p):
    before = os.lstat("/dev/null")
    assert stat.S_ISCHR(before.st_mode), "/dev/null is broken already"
    try:
        run(*mode, "-o", "/dev/null", "-o", "/dev/null", p.url("/a"), p.url("/b")).expect(
            out=[line(len(BODY), p.url("/a")), line(len(BODY), p.url("/b"))])
        after = os.lstat("/dev/null")
        assert (after.st_ino, after.st_rdev, after.st_mode) == (before.st_ino, before.st_rdev, before.st_mode)
    finally:
        now = os.lstat("/dev/null") if os.path.lexists("/dev/null") else None
        if now is None or now.st_rdev != before.st_rdev or not stat.S_ISCHR(now.st_mode):
            with contextlib.suppress(FileNotFoundError):
                os.unlink("/dev/null")
            os.mknod("/dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            os.chmod("/dev/null", 0o666)


def test_many_files():
    with Peer(answering(by_path)) as p:
        folder = temp_dir()
        urls = [p.url(f"/{i}") for i in range(300)]
        run("-o", folder + "/{n}", *urls).expect(out=[line(i, u) for i, u in enumerate(urls)])
        assert sorted(os.listdir(folder), key=int) == [str(i + 1) for i in range(300)]
        assert all(os.path.getsize(f"{folder}/{i + 1}") == i for i in range(300))
