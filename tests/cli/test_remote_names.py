"""-O and its like: what files are called, where they lie, and what becomes of those that are there."""
import os
import stat
import subprocess

from harness import (Peer, answering, environment, failure, line, read_file, response, run, temp_dir, write_file)

BODY = b"the body, all of it"
MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"


def peer(head=""):
    """Its bodies are the paths that were asked for."""
    return Peer(answering(lambda q: response(q.target.encode(), head)))


def files(folder):
    """Path -> contents, of all below a folder."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            found[os.path.relpath(path, folder)] = read_file(path)
    return found


def curl(*args, cwd):
    return subprocess.run(["curl", "-s", *args], cwd=cwd, env=environment(), timeout=30, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_names_as_curl_has_them():
    paths = ["/a", "/b/c.txt?x=/y", "/d%20e", "/f/../g", "/.h", "/i%2fj", "/k;l", "/m/n#/o", "/%2e%2ep"]
    with peer() as p:
        urls = [p.url(path) for path in paths]
        ours, theirs = temp_dir(), temp_dir()
        run("-O", *urls, cwd=ours)
        for url in urls:
            curl("-O", url, cwd=theirs)
        assert files(ours) == files(theirs), (files(ours), files(theirs))
        assert len(files(ours)) == len(paths)


def test_names_of_what_ends_with_a_slash():
    """As the newest curl has it."""
    with peer() as p:
        for path, name in (("/a/b/", "b"), ("/a/b//", "b"), ("/", "curl_response"), ("", "curl_response"),
                           ("/a/..", "curl_response"), ("/a/b/..", "a"), ("?q", "curl_response")):
            folder = temp_dir()
            run("-O", p.url(path), cwd=folder).check(list(files(folder)) == [name], f"a file {name} of {path}")


def test_mixed():
    """-o and -O in order; -O alone holds for all; --remote-name-all for those without."""
    with peer() as p:
        urls = [p.url("/" + name) for name in ("a", "b", "c")]
        for args, names in ((["-O"], "abc"), (["-O", "-O", "-O"], "abc"), (["-O", "-O"], "abc"),
                            (["-o", "x", "-O", "-o", "y"], "xby"), (["-O", "-o", "x", "-O"], "axc"),
                            (["--remote-name-all"], "abc"), (["--remote-name-all", "-o", "x"], "xbc")):
            folder = temp_dir()
            run(*args, *urls, cwd=folder).expect(out=[line(2, u) for u in urls])
            assert sorted(files(folder)) == sorted(names), (args, files(folder))
        folder = temp_dir()
        run("-O", "-", stdin="\n".join(urls), cwd=folder).expect(out=[line(2, u) for u in urls])
        assert sorted(files(folder)) == ["a", "b", "c"]
        run("-O", "-o", "x", *urls, cwd=folder).expect(
            code=2, err=[".*2 -o for 3 URLs.*", ".*nothing was fetched.*"], total=False)
        folder = temp_dir()
        run("--dry-run", "--output-dir", "d", "-O", *urls, cwd=folder).expect(
            out=[f"{i + 1} {u} -> d/{u[-1]}" for i, u in enumerate(urls)], total=False)
        assert files(folder) == {}


def test_two_of_one_name():
    """The second fails before it is fetched."""
    with peer() as p:
        folder = temp_dir()
        a, b = p.url("/x/name"), p.url("/y/name")
        run("-O", a, b, cwd=folder).expect(
            code=23, out=[line(7, a)], err=[failure(b, "could not write: name: another URL of this run .*")])
        assert files(folder) == {"name": b"/x/name"} and len(p.requests) == 1


DISPOSITIONS = [
    ("attachment; filename=plain.txt", "plain.txt"),
    ('attachment; filename="quoted name.txt"; x=y', "quoted name.txt"),
    ("attachment; filename='single;quoted'", "single;quoted"),
    ('attachment; x="a;filename=no"; FILENAME = "yes"', "yes"),
    (r'attachment; filename="a\"b"', 'a"b'),
    ('attachment; filename="../../etc/passwd"', "passwd"),
    (r'attachment; filename="C:\dir\file.doc"', "file.doc"),
    ('attachment; filename="/abs"', "abs"),
    ('attachment; filename=".bashrc"', "_bashrc"),
    ('attachment; filename=".."', "__"),
    ('attachment; filename="a\tb"', "a_b"),
    ("attachment; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt", "naïve €.txt"),
    ("attachment; filename=plain; filename*=utf-8'de'besser", "besser"),
    ("attachment; filename*=iso-8859-1''%A3%20rates; filename=x", "£ rates"),
    ("attachment; filename*=UTF-8''%2e%2e%2fup", "up"),
    ("attachment; filename*=UTF-8''a%0Ab", "a_b"),
    ("attachment; filename*=UTF-8''bad%FF; filename=good", "good"),
    ("attachment; filename*=koi8-r''x; filename=known", "known"),
    ("attachment; filename=", "URL"),
    ('attachment; filename="a/"', "URL"),
    ("attachment", "URL"),
    ("inline; filename=first; filename=second", "first"),
]


def test_names_from_servers():
    def answer(q):
        n = int(q.target.split("=")[1])
        return response(BODY, f"Content-Disposition: {DISPOSITIONS[n][0]}\r\n")

    with Peer(answering(answer)) as p:
        for i, (field, name) in enumerate(DISPOSITIONS):
            folder = temp_dir()
            url = p.url(f"/URL?i={i}")
            run("-JO", url, cwd=folder).expect(out=[line(len(BODY), url)])
            assert files(folder) == {name: BODY}, (field, files(folder))


def test_servers_replace_nothing():
    """A name that is there is refused, unless --clobber is given; so is one of another URL."""
    with Peer(answering(lambda q: response(BODY, "Content-Disposition: attachment; filename=n\r\n"))) as p:
        urls = [p.url("/a"), p.url("/b")]
        for args, code, want in (([], 23, {"n": b"old"}), (["--clobber"], 0, {"n": BODY}),
                                 (["--no-clobber"], 0, {"n": b"old", "n.1": BODY}),
                                 (["--skip-existing"], 0, {"n": b"old"})):
            folder = temp_dir()
            write_file(folder + "/n", b"old")
            r = run("-JO", *args, urls[0], cwd=folder)
            r.check(r.code == code and files(folder) == want, f"status {code} and {want}, not {files(folder)}")
            r.check(("skipped" in r.stderr[-1]) == (args == ["--skip-existing"]), "to say whether it is skipped")
        folder = temp_dir()
        r = run("-JO", *urls, cwd=folder)
        r.check(r.code == 23 and len(r.lines) == 1 and files(folder) == {"n": BODY}, "one file, one failure")
        folder = temp_dir()
        run("-JO", "--output-dir", "new/d", "--create-dirs", urls[0], cwd=folder).check(
            files(folder) == {"new/d/n": BODY}, "it in the folder")


def test_names_from_redirects():
    """Without a name in the head it is where the last redirect led, as in the newest curl."""
    def answer(q):
        if q.target == "/from":
            return response(b"", "Location: /to/there?x\r\n", status="302 Found")
        return response(BODY)

    with Peer(answering(answer)) as p:
        for args, name in ((["-O"], "from"), (["-JO"], "there")):
            folder = temp_dir()
            run(*args, p.url("/from"), cwd=folder).check(files(folder) == {name: BODY}, f"a file {name}")


def test_large_files_named_late():
    """Bytes come before the name is looked up."""
    size = 3_000_000
    with Peer(answering(lambda q: response(b"x" * size, f"Content-Disposition: a; filename={q.target[1:]}.f\r\n"))) as p:
        for mode in ([], ["--sync"], ["--threads"]):
            folder = temp_dir()
            urls = [p.url(f"/{i}") for i in range(4)]
            run(*mode, "-OJ", *urls, cwd=folder).expect(out=[line(size, u) for u in urls], ordered="--sync" in mode)
            assert {k: len(v) for k, v in files(folder).items()} == {f"{i}.f": size for i in range(4)}


def test_folders():
    with peer() as p:
        folder = temp_dir()
        url = p.url("/a")
        run("-O", "--output-dir", "no", url, cwd=folder).expect(
            code=23, err=[failure(url, "could not write: no/a: No such file or directory")])
        old = os.umask(0o022)
        try:
            run("-O", "--output-dir", "x/y", "--create-dirs", url, cwd=folder).expect(out=[line(2, url)])
            run("-o", "z/{host}/{name}", "--output-dir", "x", "--create-dirs", "--create-file-mode", "600", url,
                cwd=folder).expect(out=[line(2, url)])
        finally:
            os.umask(old)
        assert set(files(folder)) == {"x/y/a", "x/z/127.0.0.1/a"}
        modes = [stat.S_IMODE(os.stat(os.path.join(folder, f)).st_mode) for f in ("x/y", "x/y/a", "x/z/127.0.0.1/a")]
        assert modes == [0o750, 0o644, 0o600], [oct(m) for m in modes]
        write_file(folder + "/file", b"")
        run("-O", "--output-dir", "file/d", "--create-dirs", url, cwd=folder).expect(
            code=23, err=[failure(url, "could not write: file/d/a: Not a directory")])
        url = p.url("/" + "n" * 300)
        run("-O", url, cwd=folder).expect(code=23, err=[failure(url, ".*: File name too long")])
        for bad in ("8", "0", "1000", "x", ""):
            run("-O", "--create-file-mode", bad, url, cwd=folder).expect(
                code=2, err=[".*create-file-mode.*", ".*nothing was fetched.*"], total=False)


def test_files_that_are_there():
    with peer() as p:
        folder = temp_dir()
        a, b = p.url("/x/n"), p.url("/y/n")
        write_file(folder + "/n", b"old")
        run("-O", "--no-clobber", a, b, cwd=folder).expect(out=[line(4, a), line(4, b)])
        got = files(folder)
        assert sorted(got) == ["n", "n.1", "n.2"] and got["n"] == b"old", got
        assert {got["n.1"], got["n.2"]} == {b"/x/n", b"/y/n"}
        before = len(p.requests)
        r = run("-O", "--skip-existing", "--jsonl", a, cwd=folder)
        r.check(r.code == 0 and '"skipped":true' in r.lines[0], "a record that says so")
        r = run("-O", "--skip-existing", a, p.url("/new"), cwd=folder)
        r.check(r.code == 0 and r.lines == [line(4, p.url("/new"))] and r.total and r.total[5] == "1" and
                r.total[2] == "2", "one that is skipped")
        assert len(p.requests) == before + 1
        run("-O", "--clobber", a, cwd=folder).expect(out=[line(4, a)])
        assert files(folder)["n"] == b"/x/n"
        for args in (["--no-clobber", "-C", "-"], ["-J", "-C", "-"], ["--no-clobber", "--skip-existing"]):
            run("-O", *args, a, cwd=folder).expect(code=2, err=[".*contradict.*", ".*nothing was fetched.*"], total=False)


def test_times_and_sync():
    with peer(f"Last-Modified: {MODIFIED}\r\n") as p:
        for mode in ([], ["--sync"]):
            folder = temp_dir()
            url = p.url("/a")
            run(*mode, "-RO", "--sync-files", url, cwd=folder).expect(out=[line(2, url)])
            assert os.stat(folder + "/a").st_mtime == 784111777
            run(*mode, "-O", url, cwd=folder)
            assert os.stat(folder + "/a").st_mtime > 784111777


def test_globs_stay_below_the_folder():
    """What a URL makes of -o does not lead out of --output-dir; what -o itself says is its writer's wish."""
    folder = temp_dir()
    below = os.path.join(folder, "below")
    os.mkdir(below)
    with Peer(answering(lambda q: response(b"12"))) as p:
        for value in ("../x", "/x", "a/../../x"):
            url = p.url("/") + "{" + value + ",1}"
            r = run("--output-dir", below, "-o", "#1", "--path-as-is", url)
            r.check(r.code == 23 and b"leads out of --output-dir" in r.err, "refused")
            assert os.listdir(folder) == ["below"] and os.listdir(below) == ["1"], (os.listdir(folder), os.listdir(below))
        run("--output-dir", below, "-o", "../#1", p.url("/{2}")).expect(out=[line(2, p.url("/2"))])
        assert sorted(os.listdir(folder)) == ["2", "below"]
