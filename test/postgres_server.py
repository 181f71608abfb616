"""A PostgreSQL of one's own for a test, on a free port of 127.0.0.1, with everything on that makes commits
last. It ends with the `with` block, or with the test's process.

The server is Debian's, or the one in the folder that COFFER_POSTGRES_BIN names. As root it runs as the
user postgres, because it refuses to be root.
"""

import ctypes
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

READY_S = 60
PASSWORD = "p@ss/word"


DEBIAN = "/usr/lib/postgresql/15/bin/"


def server_program(name):
    """Another version's may be tried, which need not have programs for clients."""
    return str(pathlib.Path(os.environ.get("COFFER_POSTGRES_BIN", DEBIAN)) / name)


def other_user():
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def become():
    """In the child: another user if need be, and an end when the test ends."""
    user = other_user()
    if user:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class PostgresServer:
    def __init__(self, *settings):
        self.settings = settings  # more of them: "name=value"
        self.folder = tempfile.mkdtemp(prefix="coffer-postgres-")
        self.port = free_port()
        self.process = None
        self.places = 0
        password = pathlib.Path(self.folder) / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        if user := other_user():
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.check(server_program("initdb"), "-D", self.folder + "/data", "-U", "owner", "-A",
                   "scram-sha-256", "--pwfile", str(password), "-E", "UTF8", "--locale", "C",
                   "--no-sync")

    def check(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, preexec_fn=become, cwd="/",
                              check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def log(self):
        return pathlib.Path(self.folder, "log").read_text(encoding="utf-8", errors="replace")

    def start(self):
        words = [server_program("postgres"), "-D", self.folder + "/data"]
        for setting in ("listen_addresses=127.0.0.1", f"port={self.port}",
                        f"unix_socket_directories={self.folder}", "shared_buffers=128MB",
                        "log_lock_waits=on", *self.settings):
            words += ["-c", setting]
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=become, cwd="/")
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            asked = subprocess.run([DEBIAN + "pg_isready", "-q", "-h", "127.0.0.1", "-p",
                                    str(self.port)], check=False)
            if asked.returncode == 0:
                return self
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log()[-2000:]}")

    def kill(self):
        """Like a power cut: no goodbye to anybody."""
        self.process.kill()
        self.process.wait()
        time.sleep(0.2)  # until its children have noticed

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # its "fast shutdown"
            self.process.wait(timeout=30)

    def uri(self):
        return f"postgres://owner:p%40ss%2Fword@127.0.0.1:{self.port}/postgres"

    def new_place(self):
        """The URI of a place of its own, empty: a schema, which is made faster than a database."""
        self.places += 1
        name = f"books_{os.getpid()}_{self.places}"
        self.sql(self.uri(), "create schema " + name)
        return self.uri() + "?options=-csearch_path%3D" + name

    def sql(self, uri, text):
        """What psql prints for it, without headings."""
        return self.check(DEBIAN + "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", uri,
                          "-c", text)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
