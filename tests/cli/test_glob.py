"""Globs in URLs: the requests and the files that curl makes of the same arguments, as a stream."""
import os
import re
import signal
import subprocess

from harness import (Config, Failed, Peer, answering, environment, failure, line, need_ipv6, read_file, response, run,
                     start, temp_dir, write_file)


def echo():
    """Answers with the request's target."""
    return Peer(answering(lambda q: response(q.target)))


def targets(peer):
    found = [q.target for q in peer.requests]
    del peer.requests[:]
    return found


# Arguments; %u is the server's URL without its last slash. What older curls read otherwise (names, the end of numbers)
# is in the unit tests.
ARGUMENTS = [
    ["%u/{a,b,c}"], ["%u/{a,b}{1,2}"], ["%u/x{,a,}y"], ["%u/[1-5]"], ["%u/[08-11]"], ["%u/[001-3]"], ["%u/[1-10:4]"],
    ["%u/[001-100:33]"], ["%u/[a-e]"], ["%u/[a-z:7]"], ["%u/[X-Z]/{p,q}/[1-2]"], ["%u/[a-a][1-1][b-b:1][2-2:1]"],
    ["%u/[0-1]", "%u/{c,d}"], ["--url", "%u/[1-2]", "%u/3"], ["%u/[]/{a}"], ["%u/\\{a,b\\}"], ["%u/\\[1-2\\]"],
    ["%u/{a\\,b,c\\}d}"], ["%u/a\\b"], ["-g", "%u/{a,b}[1-2]"], ["%u/?q=[1-2]&r={x,y}#{f}"], ["{%u,%u}/x"],
    ["%u/?[::1]"], ["%u/[1- 3]"], ["%u/[9223372036854775805-9223372036854775806]"],
    # What is none.
    ["%u/{a"], ["%u/a}"], ["%u/a]"], ["%u/["], ["%u/{}"], ["%u/{a,{b}}"], ["%u/{a,[1-2]}"], ["%u/{a]"], ["%u/[2-1]"],
    ["%u/[1-2"], ["%u/[1-9:0]"], ["%u/[1-2:5]"], ["%u/[1]"], ["%u/[a]"], ["%u/[a-1]"], ["%u/[A-z]"], ["%u/[c-a]"],
    ["%u/[a-c:9]"], ["%u/[x-y"], ["%u/[1-4611686018427387904][1-4611686018427387904]"],
    ["%u/[0-60000000000000000000]"], ["%u/[[1-2]]"], ["%u/[1-1:2]"],
]


def test_requests_as_curl_makes_them():
    differ = []
    with echo() as p:
        for arguments in ARGUMENTS:
            arguments = [a.replace("%u", p.url("")) for a in arguments]
            curl = subprocess.run(["curl", "-s", *arguments], env=environment(), capture_output=True)
            theirs = targets(p)
            # In order: the modes in which that is so.
            r = run("--sync", *arguments)
            ours = targets(p)
            other = run(*arguments)
            if ours != theirs or r.code != curl.returncode or sorted(targets(p)) != sorted(theirs) or other.code != r.code:
                differ.append(f"{arguments}: curl ({curl.returncode}) asks for {theirs}, afetch ({r.code}) for {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same globs", "the same requests and exit status", "\n".join(differ))


def files_of(folder):
    return {name: read_file(os.path.join(folder, name)) for name in os.listdir(folder)}


def test_files_as_curl_names_them():
    differ = []
    with echo() as p:
        for arguments in (["-o", "#1", "%u/{a,b}"], ["-o", "f#2-#1.x", "%u/[08-9]/{a,b}"], ["-o", "#1#2#3", "%u/[x-y][1-2]"],
                          ["-o", "#0##1#", "%u/{a,b}"], ["%u/x{a,b}", "-o", "#1", "%u/y{c,d}", "-o", "2-#1"],
                          ["-o", "#1", "%u/[1-2]", "-o", "plain", "%u/x"], ["-g", "-o", "#1", "%u/{a,b}"],
                          ["-o", "#1", "%u/x"]):
            arguments = [a.replace("%u", p.url("")) for a in arguments]
            folders = temp_dir(), temp_dir()
            subprocess.run(["curl", "-s", *arguments], env=environment(), cwd=folders[0], check=True)
            r = run(*arguments, cwd=folders[1])
            theirs, ours = files_of(folders[0]), files_of(folders[1])
            if ours != theirs or r.code != 0:
                differ.append(f"{arguments}: curl writes {theirs}, afetch ({r.code}) {ours} {r.errors}")
    if differ:
        raise Failed("afetch and curl, with the same globs and -o", "the same files", "\n".join(differ))


def test_names():
    with echo() as p:
        folder = temp_dir()
        urls = [p.url(f"/{who}/{n}") for who in ("a", "b") for n in (1, 2)]
        run("-o", "#<n>-#<who>-#1", p.url("/{<who>a,b}/[<n>1-2]"), cwd=folder).expect(
            out=[line(4, u) for u in urls])
        assert sorted(os.listdir(folder)) == ["1-a-a", "1-b-b", "2-a-a", "2-b-b"], os.listdir(folder)
        r = run("-o", "x-#<nn>", p.url("/{<n>a,b}"))
        r.expect(code=2, err=[r"afetch: -o: no glob exists with this name in position 7: #<nn>", r"afetch: nothing .*"],
                 total=False)
        # Elsewhere that is a file's name.
        run("-g", "-o", "x-#<nn>", p.url("/y"), cwd=folder).expect(out=[line(2, p.url("/y"))])
        assert read_file(folder + "/x-#<nn>") == b"/y"


def test_a_single_output_is_for_every_url():
    """The one place where curl's pairing does not hold."""
    with echo() as p:
        folder = temp_dir()
        run("-o", "{n}-#1-#2", p.url("/[1-2]"), p.url("/x"), p.url("/{a,b}[7-7]"), cwd=folder)
        assert files_of(folder) == {"1-1-#2": b"/1", "2-2-#2": b"/2", "3-#1-#2": b"/x", "4-a-7": b"/a7",
                                    "5-b-7": b"/b7"}, files_of(folder)


def test_a_name_that_does_not_differ():
    with echo() as p:
        folder = temp_dir()
        r = run("--sync", "-o", "same", p.url("/[1-2]"), cwd=folder)
        r.expect(code=23, out=[line(2, p.url("/1"))], err=[failure(p.url("/2"))])
        assert files_of(folder) == {"same": b"/1"}, files_of(folder)


def test_lists_are_not_globbed():
    with echo() as p:
        path = write_file(temp_dir() + "/list", p.url("/{a,b}") + "\n")
        for how in (["-"], ["--url", "@-"]):
            run(*how, stdin=p.url("/[1-2]")).expect(out=[line(6, p.url("/[1-2]"))])
        run("--url", "@" + path, p.url("/{c,d}")).expect(
            out=[line(6, p.url("/{a,b}")), line(2, p.url("/c")), line(2, p.url("/d"))])


def test_a_bad_glob_fails_alone():
    with echo() as p:
        r = run(p.url("/[2-1]").replace("//", "//me:secret@"), p.url("/x"))
        position = len(p.url("/[2-1]")) + len("me:secret@") + 1
        r.expect(code=3, out=[line(2, p.url("/x"))],
                 err=[failure(p.url("/[2-1]"), f"malformed URL: bad range in position {position}")])
        r.check("secret" not in r.err.decode(), "no user info")


def test_curls_words():
    """The sentence and the position that curl gives. (Where its versions differ, the unit tests have the newest.)"""
    for glob in ("[2-1]", "a}", "{a,{b}}"):
        url = "http://127.0.0.1:1/" + glob
        curl = subprocess.run(["curl", "-sS", url], env=environment(), capture_output=True, text=True)
        words = re.match(r"curl: \(3\) (.* in (?:URL )?position \d+)", curl.stderr)
        assert words, curl.stderr
        words = words[1].replace("URL position", "position")
        run(url).expect(code=3, err=[failure(url, "malformed URL: " + re.escape(words))])


def test_ipv6_literals():
    need_ipv6()
    with Peer(answering(lambda q: response(q.target)), host="::1") as p:
        run(p.url("/[1-2]")).expect(out=[line(2, p.url("/1")), line(2, p.url("/2"))])


def test_a_hundred_million():
    """They begin at once, and take no memory."""
    with echo() as p:
        for mode in ([], ["--sync"], ["--threads"]):
            f = start(*mode, "-P", "8", p.url("/[1-100000000]"))
            f.await_lines(2000)
            memory = f.peak_memory()
            f.signal(signal.SIGTERM)
            r = f.wait()
            r.check(r.code == 143, "exit status 143")
            r.check(memory < 20e6 or Config.sanitized, f"less than 20 MB (there were {memory})")
            del p.requests[:]


def test_compare():
    with echo() as p:
        r = run("--compare", p.url("/{a,b}[1-3]"))
        r.check(r.code == 0, "success")
        for row in r.lines[1:]:
            r.check(row.split()[4:6] == ["6", "0"], "six transfers, none failed")
        assert sorted(targets(p)) == sorted(3 * [f"/{x}{n}" for x in "ab" for n in (1, 2, 3)])
