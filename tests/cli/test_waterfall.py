"""--waterfall: lines on a common time axis, in the terminal's width."""
import fcntl
import os
import re
import struct
import termios
import time

from harness import Peer, Running, answering, by_path, refused_port, response, run, world

GLYPHS = {"queue": "┄", "look-up": "░", "connect": "▒", "TLS": "▓", "wait": "─", "receive": "█"}
ASCII = {"queue": ".", "look-up": "?", "connect": "+", "TLS": "=", "wait": "-", "receive": "#"}
UTF8 = {"LC_ALL": "C.UTF-8", "COLUMNS": "100"}
ROW = re.compile(r" *(\d+) (.*?) +(\d+\.\d{3}) s (\S+)")


def slow(request):
    """/SECONDS: the answer comes after so long."""
    time.sleep(float(request.target[1:].split("?")[0] or 0))
    return response(b"hello")


def picture(r):
    """The rows as (number, label and bar, seconds, status), and the lines that are none."""
    rows, others = [], []
    for text in r.err.decode().splitlines():
        m = ROW.fullmatch(text)
        if m:
            rows.append((int(m[1]), m[2], float(m[3]), m[4]))
        else:
            others.append(text)
    return rows, others


def bar(row, glyphs, label):
    """Where behind labels of that width each glyph of a row begins and ends."""
    found = {}
    for name, glyph in glyphs.items():
        places = [i for i, c in enumerate(row[1]) if c == glyph and i > label]
        if places:
            found[name] = (places[0], places[-1] + 1)
    return found


def test_phases_on_one_axis():
    """Two at once: the third waits for its place, and then as long as the first."""
    with Peer(answering(slow)) as p:
        label = len(p.url("/0.1?b")) - len("http://")
        for env, glyphs in ((UTF8, GLYPHS), ({"COLUMNS": "100"}, ASCII)):
            r = run("-s", "--waterfall", "-P2", p.url("/0.2"), p.url("/0.1"), p.url("/0.1?b"), env=env)
            if "--sync" in r.args:
                continue
            rows, others = picture(r)
            assert [x[0] for x in rows] == [1, 2, 3] and all(x[3] == "200" for x in rows), r.err.decode()
            first, second, third = (bar(x, glyphs, label) for x in rows)
            assert third["queue"][1] == third["wait"][0] and abs(third["queue"][1] - second["wait"][1]) <= 3, r.err.decode()
            assert all(x.get("queue", (0, 0))[1] - x.get("queue", (0, 0))[0] < 4 for x in (first, second)), r.err.decode()
            # As long as it took, on the same scale.
            assert abs((first["wait"][1] - first["wait"][0]) / (second["wait"][1] - second["wait"][0]) - rows[0][2] / rows[1][2]) < 0.4
            assert max(len(x) for x in r.err.decode().splitlines()) <= 100
            assert others[-1] == "  ".join(f"{g}{g} {name}" for name, g in glyphs.items())
            assert re.match(r" +\|0 s +\|0\.05 s +\|0\.1 s", others[0]), others


def test_every_phase_and_end():
    with Peer(answering(lambda q: response(b"", "Location: /\r\n", "302 Found") if q.target == "/r" else
                        response(b"", "", "404 Nope") if q.target == "/404" else response(b"x"))) as p, refused_port() as refused:
        none = f"http://127.0.0.1:{refused.getsockname()[1]}/"
        long = p.url("/" + "x" * 300 + "end")
        r = run("--waterfall", "--cacert", world.ca, world.url("https", "/small", "localhost"), p.url("/r"), p.url("/404"), none, long,
                "http://[", env=UTF8)
        rows, _ = picture(r)
        assert [(x[0], x[3]) for x in sorted(rows)] == [(1, "200"), (2, "200"), (3, "404!"), (4, "e7"), (5, "200")], r.err.decode()
        label = [x for x in rows if x[0] == 5][0][1]
        assert re.match(r"127\.0\.0\.\S*…x+end ", label), label
        # Its last line is the total, as ever.
        assert r.err.decode().splitlines()[-1].startswith("total: ")


def test_the_slowest_of_many():
    with Peer(answering(by_path)) as p:
        urls = [p.url(f"/{i}") for i in range(120)]
        r = run("-s", "--waterfall", *urls, env=UTF8)
        rows, others = picture(r)
        assert len(rows) == 50
        m = re.fullmatch(r"These are the 50 slowest of 120; the others took (\S+) s at most, (\S+) s on average\.", others[0])
        assert m and float(m[2]) <= float(m[1]) <= min(x[2] for x in rows), others
        assert picture(run("-s", "--waterfall", "http://[", env=UTF8)) [0] == []


def test_modes_under_each_other():
    with Peer(answering(slow)) as p:
        r = run("-s", "--compare", "--waterfall", p.url("/0.1"), p.url("/0.1?b"), env=UTF8)
        rows, others = picture(r)
        assert r.code == 0 and r.lines[0].startswith("mode"), r
        assert [x[0] for x in rows] == [1, 2] * 3
        titles = [re.match(r"(\w+), (\S+) s:", x) for x in others]
        assert [m[1] for m in titles if m] == ["sync", "threads", "async"]
        label = len(p.url("/0.1?b")) - len("http://")
        sync = bar(rows[1], GLYPHS, label)
        both = [bar(x, GLYPHS, label) for x in rows[4:]]
        assert sync["queue"][1] >= both[0]["wait"][1] - 3, r.err.decode()  # it begins when the first has ended
        assert all(x.get("queue", (0, 0))[1] < label + 5 for x in both), r.err.decode()


def on_a_terminal(columns, env=None):
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    with Peer(answering(by_path)) as p:
        running = Running("-s", "--waterfall", p.url("/9"), p.url("/9?2"), stderr=theirs,
                          env={"TERM": "xterm", "LC_ALL": "C.UTF-8", "COLUMNS": "300", **(env or {})})
        running.wait()
        os.close(theirs)
        data = b""
        try:
            while piece := os.read(ours, 65536):
                data += piece
        except OSError:
            pass
        os.close(ours)
    return data.decode()


def test_on_a_terminal():
    for columns in (40, 80, 132):
        text = on_a_terminal(columns)
        assert "\033[3" in text and text.count("\033[0m") >= 3
        plain = re.sub(r"\033\[\d*m", "", text).splitlines()
        assert all(len(x) <= columns or "queue" in x for x in plain), plain
        assert max(len(x) for x in plain[:2]) > columns - 8
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\033" not in on_a_terminal(80, env)
