#!/usr/bin/env python3
"""usage: form_cases.py >form_cases.h: the bodies that the curl on this machine makes of the forms below, for
test_multipart.c. Boundaries become <1>, <2>…, in the order in which they are named."""
import http.server
import os
import re
import subprocess
import tempfile
import threading

FILES = {
    "a.txt": b"hello\r\nworld\n",
    "b.html": b"<p>\xff</p>",
    "c.bin": bytes(range(256)) * 2,
    "noext": b"plain",
    "empty.txt": b"",
    "x=y;z,\"q\"\\.GIF": b"odd",
    "spaces": b"end \r\nof\t\r\nlines \n " + b"long = " * 30 + b"x" * 90 + b"\r\n" + b"y" * 76 + b"\r\n" + b"z" * 75 + b" ",
    "headers": b"# two headers\r\nX-1: one  \r\n\r\nX-2: is\r\n folded\r\n\tX-3: tab\n",
}
STDIN = b"from\0standard\ninput"

CASES = [
    ["name=value"],
    ["a=1", "b=2", "c="],
    ["=no name"],
    ["a= blanks \t", 'b=" quoted ; \\"x\\" \\\\ \\n"', 'c="open', 'd=x"y"', 'e="q" trailing'],
    ["a=x;type=text/plain", "b=x;type=text/plain; charset=utf-8", "c=x; type=text/html;filename=f"],
    ["a=x;type= a/b ; c=d ;  e ;filename= f.png ;encoder=8bit"],
    ["a=x;type=a/b;type=c/d", "a=x;type=a/b;filename=f;type=c/d"],
    ["a=x;TYPE=a/b;FileName=n", "b=x;unknown;type=a/b", "c=x;;"],
    ["a=x;filename=x.txt", "b=x;filename=x.JPEG", "c=x;filename=none", "d=x;filename=\"a;b\\\"c\\\\\""],
    ["a=x;headers=X-A: 1;headers=\"X-B: ;2\"", "b=x;headers=@headers", "c=x;headers= <headers "],
    ["a=x;headers=Content-Type: t/u;headers=content-disposition: mine", "b=x;headers=Content-Type:t/u;type=v/w"],
    ["a=x;headers=Content-Transfer-Encoding: mine;encoder=base64", "b=x;headers=@missing"],
    ["a=@a.txt"],
    ["a=@b.html", "b=@noext", "c=@c.bin", "d=@empty.txt"],
    ["a=@./a.txt;filename=other", "b=@a.txt;filename=/dir/other.png", "c=@a.txt;type=x/y", 'd=@a.txt;filename=""'],
    ['a=@"x=y;z,\\"q\\"\\\\.GIF"'],
    ["a=@a.txt,b.html"],
    ["a=@a.txt;type=x/y;filename=f,noext;encoder=base64,empty.txt;headers=X: y"],
    ['=@a.txt, "b.html"'],
    ["a=<a.txt", "b=<b.html", "c=<noext", "d=<a.txt;type=text/plain;encoder=base64"],
    ["a=<noext;filename=f"],
    ["a=@-"],
    ["a=<-"],
    ["a=@-;filename=f.gif"],
    ["a=@-,a.txt"],
    ["n\"a\\m\r\ne\xe4=x;filename=\"f\r\n\\\"\\\\\""],
    ["a=hello;encoder=base64", "b=;encoder=base64", "c=hell;encoder=BASE64", "d=hel;encoder=base64"],
    ["a=@c.bin;encoder=base64", "b=@empty.txt;encoder=base64"],
    ["a=@spaces;encoder=base64"],
    ["a=@spaces;encoder=quoted-printable"],
    ["a=@c.bin;encoder=quoted-printable", "b=@empty.txt;encoder=quoted-printable"],
    ["a=@a.txt;encoder=7bit", "b=@c.bin;encoder=binary", "c=@c.bin;encoder=8bit"],
    ["a=caf\xe9 =\r\nx \t;encoder=quoted-printable", "b=" + "m" * 76 + ";encoder=quoted-printable"],
    ["a=" + "m" * 75 + " ;encoder=quoted-printable", "b=\"" + "m" * 74 + "= \";encoder=quoted-printable"],
    ["a=" + "m" * 57 + ";encoder=base64", "b=" + "m" * 58 + ";encoder=base64", "c=" + "m" * 114 + ";encoder=base64"],
    ["x=(", "a=1", "=)", "b=2"],
    ["=(;type=multipart/alternative", "=text", "= <b>;type=text/html", "=)", "f=@a.txt"],
    ["x=(;type=multipart/form-data;headers=X: y", "a=1", "b=@a.txt,b.html", "=)"],
    ["x=(", "y=(", "a=1;filename=z", "=)", "=x"],
    ["x=(;headers=Content-Type: multipart/related; a=b"],
    ["x=(", "=)", "=)extra"],
    ["--form-string", "a=@a.txt;type=x/y", "--form-string", "b= \"q\" ", "c=1", "--form-string", "d=<a"],
    ["--form-string", "a=(", "--form-string", "=)"],
    ["--form-escape", "n\"a\\m=x;filename=\"f\\\"\\\\\""],
    ["-H", "Content-Type: multipart/related; x=y", "a=1", "b=@a.txt", "=2", "c=1;filename=n.pdf"],
    ["-H", "Content-Type: multipart/form-data; x=y", "a=1"],
]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = b""
        if self.headers.get("Transfer-Encoding"):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got = ("Content-Type: " + self.headers["Content-Type"] + "\r\n\r\n").encode("latin-1") + body
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def normal(text):
    boundaries = []
    for b in re.findall(rb"boundary=(-{24}[0-9a-zA-Z]+)", text):
        if b not in boundaries:
            boundaries.append(b)
    for i, b in enumerate(boundaries):
        text = text.replace(b, b"<%d>" % (i + 1))
    return text


def literal(text, indent):
    """C string literals, a line of text each."""
    out = []
    for line in re.findall(rb"[^\n]{1,60}\n?|\n", text):
        out.append(indent + '"' + "".join(
            {10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\"}.get(c) or (chr(c) if 32 <= c < 127 else f"\\{c:03o}")
            for c in line) + '"')
    return "\n".join(out) or indent + '""'


def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    print("/* Made by form_cases.py with curl %s: files, and forms with the type and body that curl makes of them. */"
          % version)
    print("/* clang-format off */")
    print("static const struct form_file {\n    const char *name, *data;\n    size_t len;\n} form_files[] = {")
    for name, data in FILES.items():
        print("    {%s,\n%s,\n     %d}," % (literal(name.encode(), ""), literal(data, "     "), len(data)))
    print("};\n")
    print("static const char form_stdin[] =\n%s;\n" % literal(STDIN, "    "))
    print("static const struct form_case {\n    const char *arguments[9];\n    const char *body;\n    size_t len;\n"
          "} form_cases[] = {")
    with tempfile.TemporaryDirectory() as folder:
        for name, data in FILES.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        for case in CASES:
            arguments, command = iter(case), ["curl", "-sS", "-q", "--noproxy", "*", "-H", "Expect:"]
            for argument in arguments:
                if argument == "--form-escape":
                    command.append(argument)
                elif argument in ("--form-string", "-H"):
                    command += [argument, next(arguments)]
                else:
                    command += ["-F", argument]
            server.got = b""
            done = subprocess.run([c.encode("latin-1") for c in command + [url]], cwd=folder, input=STDIN,
                                  stderr=subprocess.PIPE, check=False)
            body = normal(server.got)
            if done.returncode:
                body = b"curl: %d" % done.returncode
            print("    {{%s},\n%s,\n     %d}," % (
                ",\n      ".join(literal(a.encode("latin-1"), "") for a in case), literal(body, "     "), len(body)))
    print("};\n/* clang-format on */")


main()
