"""Config files: -K and the one of every run, beside curl's."""
import os
import subprocess

from harness import Config, Peer, Skip, answering, by_path, environment, run, temp_dir, write_file

SEEN = ("X-One", "X-Two", "X-Three", "Referer")


def ok(result):
    result.check(result.code == 0, "exit status 0")


def seen(peer):
    return [[q.first, *(f for f in q.fields if f.split(":")[0] in SEEN)] for q in peer.requests]


def test_files_as_in_curl():
    """What curl makes of a file, afetch makes of it, too: the same requests."""
    files = [
        'url = "{url}/1"\nheader = "X-One: \\"a\\"\\tb"\n',
        "# a comment\n\n  url={url}/2\n-H \"X-Two: 2\"\n",
        "url: {url}/3\nreferer: http://me/ # why\nX-One\n".replace("X-One\n", ""),
        "--url {url}/4\n--header \"X-Three: 3\"",
        "\r\nurl = {url}/5\r\nheader = \"X-One: 1\"\r\n",
        "-e http://e/\nurl {url}/6\n",
    ]
    folder = temp_dir()
    both = []
    for command in ("curl", None):
        with Peer(answering(by_path)) as p:
            for i, text in enumerate(files):
                path = write_file(os.path.join(folder, str(i)), text.replace("{url}", p.url("")))
                if command:
                    subprocess.run([command, "-s", "-q", "-K", path], env=environment(), timeout=30, check=True,
                                   capture_output=True)
                else:
                    ok(run("-q", "-K", path))
            both.append([[r[0].split("http://")[0], *r[1:]] for r in seen(p)])
    assert both[0] == both[1], f"curl: {both[0]}\nafetch: {both[1]}"
    assert len(both[0]) == len(files)


def test_with_what_else_is_given():
    with Peer(answering(by_path)) as p:
        path = write_file(os.path.join(temp_dir(), "k"), f'url = "{p.url("/1")}"\nheader = "X-One: 1"\nsilent\n')
        r = run("-K", path, p.url("/2"), "--no-silent")
        ok(r)
        r.check(r.total is not None, "the later option wins")
        assert sorted(q.first.split()[1] for q in p.requests) == ["/1", "/2"]
        assert all("X-One: 1" in q.fields for q in p.requests)


def test_from_standard_input():
    with Peer(answering(by_path)) as p:
        ok(run("-K", "-", stdin=f"url = {p.url('/1')}\n"))
        r = run("-K", "-", "-", stdin="")
        r.check(r.code == 2 and b"standard input" in r.err, "a second reader of standard input is refused")


def test_that_name_each_other():
    folder = temp_dir()
    with Peer(answering(by_path)) as p:
        inner = write_file(os.path.join(folder, "inner"), f"url = {p.url('/1')}\n")
        ok(run("-K", write_file(os.path.join(folder, "outer"), f"config = {inner}\n")))
    loop = os.path.join(folder, "loop")
    r = run("-K", write_file(loop, f"config = {loop}\n"))
    r.check(r.code == 2 and b"name each other" in r.err, "a loop is refused")


def test_mistakes_name_their_line():
    folder = temp_dir()
    for text, says in (("silent\n\nnosuch = 1\n", b"line 3: unknown option --nosuch"),
                       ("parallel-max = many\n", b'line 1: --parallel-max: "many" is not a number'),
                       ("silent = yes\n", b"line 1: --silent takes no argument"),
                       ("output\n", b"line 1: --output needs an argument"),
                       ("--next\n", b"line 1: curl's --next is not supported")):
        path = write_file(os.path.join(folder, "k"), text)
        r = run("-K", path, "http://127.0.0.1:1/")
        r.check(r.code == 2 and r.out == b"" and path.encode() + b", " + says in r.err, f"exit status 2, and {says}")
    r = run("-K", os.path.join(folder, "missing"), "http://127.0.0.1:1/")
    r.check(r.code == 26 and b"missing cannot be read" in r.err, "exit status 26")
    with Peer(answering(by_path)) as p:
        path = write_file(os.path.join(folder, "k"), f"url = {p.url('/1')} and more\n")
        r = run("-K", path)
        ok(r)
        r.check(b"warning" in r.err and b"use quotes" in r.err, "a warning")


def test_the_one_of_every_run():
    if Config.mode:
        raise Skip("-q is to be the first argument, which is the mode here")
    home = temp_dir()
    os.makedirs(os.path.join(home, "afetch"))
    with Peer(answering(by_path)) as p:
        write_file(os.path.join(home, "afetch", "config"), 'header = "X-One: 1"\n')
        for args, expected in (([], True), (["-q"], False), (["--disable"], False), (["-qS"], False), (["-S", "-q"], True)):
            ok(run(*args, p.url("/1"), env={"XDG_CONFIG_HOME": home}))
            assert ("X-One: 1" in p.requests[-1].fields) == expected, f"{args}: {p.requests[-1].fields}"
        write_file(os.path.join(home, "afetch", "config"), "nosuch\n")
        for asks in ("--help", "-V"):
            r = run(asks, env={"XDG_CONFIG_HOME": home})
            r.check(r.code == 0 and r.out, "help all the same")
        r = run(p.url("/1"), env={"XDG_CONFIG_HOME": home})
        r.check(r.code == 2 and b"afetch/config, line 1: unknown option" in r.err, "it is named")
