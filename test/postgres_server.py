"""A PostgreSQL of one's own for a test, on a free port of 127.0.0.1, with everything on that makes commits
last, or a standby that follows one. It ends with the `with` block, or with the test's process.

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


def children_of(parent):
    """The process numbers of the children that live."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            # "1234 (any name) S 1200 ..." where S is the state and 1200 the parent.
            state, of = entry.joinpath("stat").read_text().rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if entry.name.isdigit() and int(of) == parent and state != "Z":
            found.append(int(entry.name))
    return found


def lives(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class PostgresServer:
    def __init__(self, *settings):
        self.settings = settings  # more of them: "name=value"
        self.folder = tempfile.mkdtemp(prefix="coffer-postgres-")
        self.port = free_port()
        self.process = None
        self.places = 0
        if user := other_user():
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.make_cluster()

    def make_cluster(self):
        password = pathlib.Path(self.folder) / "password"
        password.write_text(PASSWORD, encoding="utf-8")
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
        """Like a power cut: no goodbye to anybody, from any of its processes. (Each is in a group of
        its own, so that killing the postmaster's would leave the others to find out and say goodbye.)"""
        self.process.send_signal(signal.SIGSTOP)  # so that it does not bury or bear children meanwhile
        children = children_of(self.process.pid)
        for child in children:
            os.kill(child, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        while any(lives(child) for child in children):
            time.sleep(0.001)

    def freeze(self):
        """As if the machine hung: all stays open and nothing is answered. thaw() ends it."""
        self.process.send_signal(signal.SIGSTOP)
        for child in children_of(self.process.pid):
            os.kill(child, signal.SIGSTOP)

    def thaw(self):
        for child in children_of(self.process.pid):
            os.kill(child, signal.SIGCONT)
        self.process.send_signal(signal.SIGCONT)

    def stop(self, how=signal.SIGINT):
        """SIGINT is its "fast shutdown", SIGQUIT the "immediate" one."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
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

    def ask(self, text):
        """What psql prints for it as the owner."""
        return self.sql(self.uri(), text).strip()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgresStandby(PostgresServer):
    """Follows another server, which must run, from a copy of it on; `standby` in its
    synchronous_standby_names."""

    def __init__(self, primary, *settings):
        self.primary = primary
        super().__init__(*settings)

    def make_cluster(self):
        self.check(DEBIAN + "pg_basebackup", "-D", self.folder + "/data", "-R", "-X", "stream", "-c",
                   "fast", "--no-sync", "-d", self.primary.uri() + "?application_name=standby")

    def promote(self):
        """Returns when it takes writes."""
        if self.ask("select pg_promote(true, 60)") != "t":
            raise RuntimeError(f"the standby was not promoted:\n{self.log()[-2000:]}")


def one_of(*servers):
    """The owner's URI of whichever of them takes writes."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return (servers[0].uri().replace(f"127.0.0.1:{servers[0].port}", hosts)
            + "?target_session_attrs=read-write")
