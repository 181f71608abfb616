"""The real program, started and stopped by tests; see commands_test.py and demo_test.py."""

import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

# Sanitisers make everything several times slower, and test machines are shared.
READY_S = 90
COMMAND_S = 180


def environment(**more):
    """The caller's environment without anybody's master key."""
    names = {name: value for name, value in os.environ.items()
             if not name.startswith("COFFER_MASTER_KEY")}
    return {**names, **more}


class Program:
    """One `coffer` and a folder for what it makes."""

    def __init__(self, path):
        self.path = str(pathlib.Path(path).resolve())
        self.folder = tempfile.TemporaryDirectory(prefix="coffer-test-")
        self.running = []

    def close(self):
        for server in self.running:
            server.kill()
        self.folder.cleanup()

    def file(self, name):
        return str(pathlib.Path(self.folder.name) / name)

    def write(self, name, text):
        pathlib.Path(self.file(name)).write_text(text, encoding="utf-8")
        return self.file(name)

    def run(self, *words, **more):
        """A command that ends: its exit code, what it printed, what it complained."""
        done = subprocess.run([self.path, *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=COMMAND_S, check=False,
                              env=environment(**more))
        return done.returncode, done.stdout, done.stderr

    def start(self, *words, **more):
        """A server, when it is ready; AssertionError with its words when it does not become so."""
        server = Server([self.path, *words], self.file(f"log-{len(self.running)}"),
                        environment(**more))
        self.running.append(server)
        server.wait_until_ready()
        return server


class Server:
    def __init__(self, words, log_path, names):
        self.log_path = log_path
        with open(log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=names)
        self.urls = []

    def said(self):
        return pathlib.Path(self.log_path).read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self):
        def listening():
            line = re.search(r"^coffer is listening on (.+)\n", self.said(), re.MULTILINE)
            return line and line.group(1).split()

        self.urls = self.wait_for(listening)

    def wait_for(self, question):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            if answer := question():
                return answer
            assert not ended, f"the server ended:\n{self.said()[-4000:]}"
            time.sleep(0.02)
        raise AssertionError(f"waited for {READY_S} s in vain:\n{self.said()[-4000:]}")

    def port(self, index=0):
        return int(self.urls[index].rsplit(":", 1)[1])

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """The exit code and how many seconds the end took."""
        start = time.monotonic()
        self.send(number)
        code = self.process.wait(timeout=30)
        return code, time.monotonic() - start

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def call(self, method, target, body=None, index=0, **headers):
        """Status and answer (JSON where it is) of one call; `_` in header names becomes `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port(index), timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, target, text,
                               {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, parsed(response.read().decode())
        finally:
            connection.close()


def parsed(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def signed(body, key="demo-integrator-signing-key"):
    return hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()
