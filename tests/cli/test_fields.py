"""Lines of a list that say more than a URL: TAB-separated fields, JSON objects; and --sha256."""
import hashlib
import json
import os

from harness import Peer, answering, bad_line, failure, line, read_file, response, run, temp_dir, write_file
from test_bodies import read_body

BODY = b"the body, all of it"
SUM = hashlib.sha256(BODY).hexdigest()
OTHER = "0" * 64


def peer():
    return Peer(answering(lambda q: response(BODY)))


def records(result):
    return {r["n"]: r for r in map(json.loads, result.lines)}


def test_tabs():
    with peer() as p:
        folder = temp_dir()
        text = "\n".join([p.url("/1") + "\tout=a", p.url("/2") + f"\tsha256={SUM.upper()}\tout=b", p.url("/3") + "\t",
                          p.url("/4") + f"  \tout=c\tsha256={OTHER}", p.url("/5") + f"\tsha256={OTHER}",
                          p.url("/6") + "\tout=a"])
        differs = f"checksum differs: sha256 is {SUM}, not {OTHER}"
        run("-", stdin=text, cwd=folder).expect(
            code=123, out=[line(len(BODY), p.url(f"/{i}")) for i in (1, 2, 3)],
            err=[failure(p.url("/4"), differs), failure(p.url("/5"), differs),
                 failure(p.url("/6"), "could not write: a: another URL of this run writes that file")])
        assert sorted(os.listdir(folder)) == ["a", "b"] and read_file(folder + "/b") == BODY
        run("--dry-run", "--output-dir", "d", "-", stdin=text.splitlines()[0], cwd=folder).expect(
            out=[f"1 {p.url('/1')} -> d/a"], total=False)


def test_a_digest_that_differs_alone():
    """In each way that a body can go; what was there stays, and no part is left."""
    with peer() as p:
        url = p.url("/x")
        for mode in ([], ["--sync"]):
            for args in ([], ["-o", "old"], ["-o", "new"], ["-C", "-", "-o", "new"], ["-o", "/dev/null"], ["-OJ"], ["-i", "-o", "new"]):
                folder = temp_dir()
                write_file(folder + "/old", b"old")
                run(*mode, *args, "-", stdin=f"{url}\tsha256={OTHER}", cwd=folder).expect(
                    code=32, err=[failure(url, "checksum differs: .*")])
                assert os.listdir(folder) == ["old"] and read_file(folder + "/old") == b"old"
                run(*mode, *args, "-", stdin=f"{url}\tsha256={SUM}", cwd=folder).expect(out=[line(len(BODY), url)])


def test_digests_in_reports():
    size = 300_000
    big = bytes(i * 7 & 255 for i in range(size))

    def answer(q):
        return response(big if q.target == "/big" else b"" if q.target == "/empty" else BODY)

    sums = {"/big": hashlib.sha256(big).hexdigest(), "/empty": hashlib.sha256(b"").hexdigest(), "/x": SUM}
    with Peer(answering(answer)) as p:
        urls = [p.url(path) for path in sums]
        for args in ([], ["-o", "{n}"], ["-o", "/dev/null"], ["-OJ"], ["-i", "-o", "{n}"], ["-o", "-"], ["-i"]):
            folder = temp_dir()
            r = run("--sha256", "--jsonl=j", *args, *urls, cwd=folder)
            got = {x["url"]: x["sha256"] for x in map(json.loads, read_file(folder + "/j").splitlines())}
            r.check(got == {p.url(path): s for path, s in sums.items()}, "their digests")
        r = run("--jsonl", *urls)
        r.check(all("sha256" not in x for x in records(r).values()), "none that nobody wants")


def test_digest_of_what_is_gone_on_with():
    """The whole file's, not that of what came."""
    def answer(q):
        start = int((q.get("Range") or ["bytes=0-"])[0].split("=")[1].rstrip("-"))
        if start == 0:
            return response(BODY, 'ETag: "a"\r\n')
        return response(BODY[start:], f'ETag: "a"\r\nContent-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}\r\n',
                        status="206 Partial Content")

    with Peer(answering(answer)) as p:
        folder = temp_dir()
        write_file(folder + "/f", BODY[:7])
        os.utime(folder + "/f", (10 ** 9, 10 ** 9))
        r = run("-C", "7", "-o", "f", "--jsonl", "-", stdin=p.url("/x") + f"\tsha256={SUM}", cwd=folder)
        r.check(r.code == 0 and records(r)[1]["sha256"] == SUM and read_file(folder + "/f") == BODY, "all of it")


def test_json_lines():
    folder = temp_dir()
    write_file(folder + "/sent", b"from a file")
    bodies = {}

    def serve(conn):
        while (q := conn.request()) is not None:
            bodies[q.target] = read_body(conn, q).body
            conn.send(response(BODY))

    with Peer(serve) as p:
        lines = [
            {"url": p.url("/1"), "id": {"a": [1, None, "ü"]}},
            {"url": p.url("/2"), "method": "PUT", "body": "täxt\u0000", "headers": {"X-A": "1", "X-B": ["2", "3"], "X-C": ""}},
            {"url": p.url("/3"), "body_file": "sent", "out": "o", "sha256": SUM, "timeout": 2.5, "id": "three"},
            {"url": p.url("/4"), "body": ""},
        ]
        for mode in ([], ["--sync"], ["--threads"]):
            del p.requests[:]
            r = run(*mode, "-", "--jsonl", stdin="\n".join(map(json.dumps, lines)), cwd=folder)
            got = records(r)
            r.check(r.code == 0 and [got[i]["id"] for i in (1, 2, 3, 4)] == [{"a": [1, None, "ü"]}, None, "three", None],
                    "their ids")
            sent = {q.target: q for q in p.requests}
            assert sent["/1"].method == "GET" and sent["/2"].method == "PUT" and sent["/3"].method == "POST"
            assert bodies == {"/1": b"", "/2": "täxt\0".encode(), "/3": b"from a file", "/4": b""}, bodies
            assert sent["/4"].method == "POST" and sent["/4"].get("Content-Length") == ["0"]
            head = sent["/2"].head.decode()
            assert all(f"\r\n{h}\r\n" in head for h in ("X-A: 1", "X-B: 2", "X-B: 3", "X-C:")), head
            assert read_file(folder + "/o") == BODY
            os.unlink(folder + "/o")
        # The command line's own body is for those that have none.
        run("-d", "all", "-", stdin="\n".join(map(json.dumps, lines[:2])), cwd=folder)
        assert bodies["/1"] == b"all" and bodies["/2"] == "täxt\0".encode()


def test_timeouts_of_lines():
    with Peer(lambda conn: conn.request() and conn.request()) as p:
        run("-", stdin=json.dumps({"url": p.url("/"), "timeout": 0.05})).expect(
            code=28, err=[failure(p.url("/"), ".*timed out.*")])


BAD = [
    ("{", "bad JSON: .*, byte 2"),
    ('{"url": "u"} x', "bad JSON: .*, byte 14"),
    ("{}", "url: it is missing"),
    ('{"url": 1}', "url: it is no string"),
    ('{"url": ""}', "url: it is empty"),
    ('{"url": "a\\u0000b"}', "url: it holds a NUL character"),
    ('{"url": "u", "uri": 1}', "uri: there is no such key"),
    ('{"url": "u", "method": "A B"}', "method: it is no word .*"),
    ('{"url": "u", "headers": []}', "headers: it is no object"),
    ('{"url": "u", "headers": {"a b": "c"}}', "headers: a name that is no word .*"),
    ('{"url": "u", "headers": {"a": "b\\r\\nc: d"}}', "a: a header may not hold a line end .*"),
    ('{"url": "u", "headers": {"a": 1}}', "a: it is no string"),
    ('{"url": "u", "body": 1}', "body: it is no string"),
    ('{"url": "u", "body": "", "body_file": "f"}', "body_file: there is body already"),
    ('{"url": "u", "body_file": "-"}', "body_file: it is the name of a file"),
    ('{"url": "u", "out": ""}', "out: it is the name of a file"),
    ('{"url": "u", "sha256": "abc"}', "sha256: it is 64 hexadecimal digits"),
    ('{"url": "u", "timeout": 0}', "timeout: it is no number of seconds over 0"),
    ('{"url": "u", "timeout": "1"}', "timeout: it is no number of seconds over 0"),
    ("u\tsha256=12", "sha256: it is 64 hexadecimal digits"),
    ("u\tout=", "out: it is the name of a file"),
    ("u\tout=a\tout=b", "out: given twice"),
    ("u\tname=a", r'"name=a" is none of the fields behind a URL: sha256=HEX, out=PATH'),
    ("u\tx", '"x" is none of the fields .*'),
]


def test_bad_lines():
    """Each is one failed URL with its line; the rest goes on; an id that can be read is in its report."""
    with peer() as p:
        text = "\n".join([x for x, _ in BAD] + [p.url("/")])
        run("-", stdin=text).expect(code=3, out=[line(len(BODY), p.url("/"))],
                                    err=[bad_line(i + 1, why) for i, (_, why) in enumerate(BAD)])
        r = run("-s", "--jsonl", "-", stdin='{"id": 7, "url": 1}\n{"url": "u", "id": [1], "x": 1}')
        assert [x["id"] for x in records(r).values()] == [7, [1]]


def test_files_of_lines_stay_in_the_folder():
    with peer() as p:
        folder = temp_dir()
        os.mkdir(folder + "/d")
        for out in ("../x", "/tmp/x", "a//b", "a/../../x", "./x", "a/"):
            text = json.dumps({"url": p.url("/"), "out": out})
            run("--output-dir", "d", "--create-dirs", "-", stdin=text, cwd=folder).expect(
                code=23, err=[failure(p.url("/"), 'could not write: ".*" leads out of --output-dir')])
        assert os.listdir(folder) == ["d"] and os.listdir(folder + "/d") == []
        run("-", stdin=p.url("/") + "\tout=d/../x", cwd=folder).expect(out=[line(len(BODY), p.url("/"))])
        assert read_file(folder + "/x") == BODY
