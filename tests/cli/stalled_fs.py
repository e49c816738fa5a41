"""A file system that stalls where a test wants it to: FUSE's protocol, spoken by a thread of the test (no library: it is
a dozen requests). One folder, files in memory. Needs root and /dev/fuse; where it cannot be had, the test is skipped."""
import ctypes
import errno
import os
import stat
import struct
import threading
import time

from harness import Config, Failed, Skip, temp_dir

LOOKUP, FORGET, GETATTR, SETATTR, UNLINK, RENAME, OPEN, READ, WRITE, STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR = (
    1, 2, 3, 4, 10, 12, 14, 15, 16, 17, 18, 25, 26, 27, 28)
RELEASEDIR, CREATE, INTERRUPT, DESTROY, BATCH_FORGET, RENAME2 = 29, 35, 36, 38, 42, 45
NAMES = {"lookup": (LOOKUP,), "create": (CREATE,), "write": (WRITE,), "close": (FLUSH,), "rename": (RENAME, RENAME2),
         "unlink": (UNLINK,)}
ROOT = 1
MNT_DETACH = 2


class StalledFs:
    """with StalledFs() as fs: fs.folder is there; fs.stall("write") holds each write back until fs.go()."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.folder = temp_dir("fuse")
        self.lock = threading.Condition()
        self.stalled = set()  # kinds of requests that are held back
        self.held = []        # those that are
        self.files = {}       # node: bytearray
        self.modes = {}
        self.nodes = {}       # name: node
        self.last_node = ROOT
        try:
            self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as e:
            raise Skip(f"no FUSE here: {e}")
        options = f"fd={self.fd},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
        if self.libc.mount(b"afetch-test", self.folder.encode(), b"fuse", 0, options.encode()) != 0:
            os.close(self.fd)
            raise Skip("FUSE cannot be mounted here: " + os.strerror(ctypes.get_errno()))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    # ---- for the test ----

    def stall(self, *names):
        with self.lock:
            self.stalled = {kind for name in names for kind in NAMES[name]}

    def go(self):
        """Answers what was held back; nothing stalls any more."""
        with self.lock:
            self.stalled = set()
            held, self.held = self.held, []
            for request in held:
                self._answer(*request)

    def await_held(self, name, n=1, timeout=20):
        with self.lock:
            def enough():
                return sum(1 for kind, *_ in self.held if kind in NAMES[name]) >= n
            if not self.lock.wait_for(enough, timeout * Config.slow):
                raise Failed("a file system that stalls", f"{n} × {name}", [kind for kind, *_ in self.held])

    def names(self):
        with self.lock:
            return sorted(self.nodes)

    def content(self, name):
        with self.lock:
            return bytes(self.files[self.nodes[name]])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go()
        self.libc.umount2(self.folder.encode(), MNT_DETACH)
        # Its number must not become another's while the thread reads from it.
        self.thread.join(10)
        if not self.thread.is_alive():
            os.close(self.fd)

    # ---- the protocol: struct fuse_in_header, then what each request has (linux/fuse.h) ----

    def _serve(self):
        while True:
            try:
                data = os.read(self.fd, (1 << 20) + 4096)
            except OSError as e:
                if e.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                return
            _, kind, unique, node = struct.unpack_from("<IIQQ", data)
            with self.lock:
                if kind in self.stalled:
                    self.held.append((kind, unique, node, data[40:]))
                    self.lock.notify_all()
                else:
                    self._answer(kind, unique, node, data[40:])

    def _reply(self, unique, data=b"", error=0):
        try:
            os.write(self.fd, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)
        except OSError:
            pass  # who asked is gone

    def _attr(self, node):
        size = len(self.files.get(node, b""))
        mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | self.modes[node]
        now = int(time.time())
        return struct.pack("<6Q10I", node, size, (size + 511) // 512, now, now, now, 0, 0, 0, mode, 1, os.getuid(),
                           os.getgid(), 0, 4096, 0)

    def _entry(self, node):
        return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + self._attr(node)  # no time-outs: nothing is cached

    def _answer(self, kind, unique, node, body):
        handler = {INIT: self._init, LOOKUP: self._lookup, GETATTR: self._getattr, SETATTR: self._setattr,
                   CREATE: self._create, OPEN: self._open, OPENDIR: self._open, WRITE: self._write, READ: self._read,
                   READDIR: self._readdir, FLUSH: self._nothing, RELEASE: self._nothing, RELEASEDIR: self._nothing,
                   UNLINK: self._unlink, RENAME: self._rename, RENAME2: self._rename, STATFS: self._statfs}.get(kind)
        if kind == INTERRUPT:
            self._interrupt(struct.unpack_from("<Q", body)[0])
        elif kind in (FORGET, BATCH_FORGET, DESTROY):
            pass
        elif handler is None:
            self._reply(unique, error=errno.ENOSYS)
        else:
            try:
                self._reply(unique, handler(node, body))
            except OSError as e:
                self._reply(unique, error=e.errno)

    def _interrupt(self, unique):
        """As NFS and sshfs do: who is killed need not wait any longer."""
        for request in [r for r in self.held if r[1] == unique]:
            self.held.remove(request)
            self._reply(unique, error=errno.EINTR)

    def _init(self, _, body):
        major, minor, ahead, _ = struct.unpack_from("<4I", body)
        return struct.pack("<4IHHIIHHI28x", major, min(minor, 31), ahead, 0, 16, 12, 1 << 20, 1, 256, 0, 0)

    def _find(self, name):
        if name not in self.nodes:
            raise OSError(errno.ENOENT, "")
        return self.nodes[name]

    def _lookup(self, _, body):
        return self._entry(self._find(body.rstrip(b"\0").decode()))

    def _getattr(self, node, _):
        return struct.pack("<QII", 0, 0, 0) + self._attr(node)

    def _setattr(self, node, body):
        valid, = struct.unpack_from("<I", body)
        size, = struct.unpack_from("<Q", body, 16)
        mode, = struct.unpack_from("<I", body, 68)
        if valid & 1:
            self.modes[node] = stat.S_IMODE(mode)
        if valid & 8:
            del self.files[node][size:]
        return self._getattr(node, b"")

    def _create(self, _, body):
        mode, = struct.unpack_from("<I", body, 4)
        self.last_node += 1
        node = self.last_node
        self.files[node], self.modes[node] = bytearray(), stat.S_IMODE(mode)
        self.nodes[body[16:].rstrip(b"\0").decode()] = node
        return self._entry(node) + struct.pack("<QII", node, 0, 0)

    def _open(self, node, _):
        return struct.pack("<QII", node, 0, 0)

    def _write(self, node, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        self.files[node][offset:offset + size] = body[40:40 + size]
        return struct.pack("<II", size, 0)

    def _read(self, node, body):
        _, offset, size = struct.unpack_from("<QQI", body)
        return bytes(self.files[node][offset:offset + size])

    def _readdir(self, _, body):
        _, offset, _size = struct.unpack_from("<QQI", body)
        data = b""
        for i, (name, node) in enumerate(sorted(self.nodes.items())):
            if i >= offset:
                entry = struct.pack("<QQII", node, i + 1, len(name.encode()), 8) + name.encode()
                data += entry + b"\0" * (-len(entry) % 8)
        return data

    def _nothing(self, *_):
        return b""

    def _unlink(self, _, body):
        name = body.rstrip(b"\0").decode()
        self._find(name)
        del self.nodes[name]
        return b""

    def _rename(self, _, body):
        start = 8 if body[8:9] and body[8] != 0 else 16  # struct fuse_rename2_in has flags, which are 0
        old, new = body[start:].rstrip(b"\0").decode().split("\0")
        self.nodes[new] = self.nodes.pop(old)
        return b""

    def _statfs(self, *_):
        return struct.pack("<5Q4I24x", 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4096, 255, 4096, 0)
