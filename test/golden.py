#!/usr/bin/env python3
"""Plays golden exchanges against the real program, one fresh demo world a file.

    test/golden.py --coffer build/release/coffer [--store memory] [--http2] [--jobs 2] [FILE ...]

With `--store postgres` a server of its own is started, and each file has a place in it.

Without files: all of test/golden. The last line says how it went; exit 0 when all is as expected.
The title of an exchange is what the matrix counts it for, so it must be what the program's own log
says of that call.
"""

import argparse
import concurrent.futures
import contextlib
import http.client
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import golden_file
from chain import Chain
from postgres_server import PostgresServer

HERE = pathlib.Path(__file__).resolve().parent
READY_S = 30
ANSWER_S = 20
DEMO_CHAIN_ID = 31337


class World:
    """A `coffer demo` with data of its own; `store` is what --store takes. With a chain, a node of its
    own pays what is withdrawn."""

    def __init__(self, coffer, store, shards=None, chain=None):
        self.chain = chain
        self.folder = tempfile.TemporaryDirectory(prefix="coffer-golden-")
        self.log = open(pathlib.Path(self.folder.name) / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [coffer, "demo", "--listen", "127.0.0.1:0", "--store", store,
             "--data", str(pathlib.Path(self.folder.name) / "data"),
             *(["--shards", str(shards)] if shards else []),
             *(["--chain", chain.url] if chain else [])],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self.port = self.wait_for_port()
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise

    def said(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def wait_for(self, question, what):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if (answer := question()) is not None:
                return answer
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"the demo {what}; it said:\n{self.said()[-2000:]}")

    def wait_for_port(self):
        def question():
            match = re.search(r"listening on http://[^\s:]+:(\d+)", self.said())
            return int(match.group(1)) if match else None

        return self.wait_for(question, "did not listen")

    def wait_until_ready(self):
        def question():
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/readyz")
                return True if connection.getresponse().status == 200 else None
            except OSError:
                return None

        self.wait_for(question, "did not become ready")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.stop()
        self.log.close()
        self.folder.cleanup()
        if self.chain:
            self.chain.close()


class Http1:
    """One keep-alive connection: a refused call must leave it usable."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)

    def send(self, method, target, headers, body):
        names = [name for name, _ in headers]
        connection = self.connection
        connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
        chunked = ("transfer-encoding", "chunked") in headers
        for name, value in headers:
            connection.putheader(name, value.encode())
        if not chunked and "content-length" not in names and (body or method not in ("GET", "HEAD")):
            connection.putheader("content-length", str(len(body)))
        if chunked:
            pieces = (body[at:at + 100] for at in range(0, len(body), 100))
            connection.endheaders(pieces, encode_chunked=True)
        else:
            connection.endheaders(body or None)
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()

    def close(self):
        self.connection.close()


class Http2:
    """The curl program, HTTP/2 with prior knowledge."""

    def __init__(self, port):
        self.origin = f"http://127.0.0.1:{port}"

    def send(self, method, target, headers, body):
        command = ["curl", "--silent", "--show-error", "--http2-prior-knowledge", "--path-as-is",
                   "--globoff", "--max-time", str(ANSWER_S)]
        # --head prints the headers by itself, and whatever comes after them.
        command += ["--head"] if method == "HEAD" else ["--include", "--request", method]
        for name, value in headers:
            if name not in ("transfer-encoding", "host", "content-length"):
                command += ["--header", f"{name}: {value}" if value else f"{name};"]
        if body:
            command += ["--header", "expect:", "--data-binary", "@-"]
            if not any(name == "content-type" for name, _ in headers):
                command += ["--header", "content-type:"]
        done = subprocess.run(command + [self.origin + target], input=body, capture_output=True,
                              check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        if not lines[0].startswith("HTTP/2 "):
            raise RuntimeError(f"curl: {done.stderr.decode().strip()} {lines[0]}")
        return (int(lines[0].split()[1]),
                [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line], content)

    def close(self):
        pass


CALL = re.compile(r" call request_id=(\S+) .*?dialect=(\S+) verb=(\S+) outcome=(\S+) ")
NOBODYS = {"none", "preflight", "setup"}  # titles that count for no cell of the matrix


def misnamed(played, dialect, log):
    """Report lines of the exchanges whose titles are not what the log says of their calls."""
    said = {}
    for request_id, *words in CALL.findall(log):
        said.setdefault(request_id, []).append(words)
    report = []
    for exchange, request_id in played:
        words = exchange.title.partition(":")[0].split()
        heard = said.get(request_id, [])
        of_call = heard.pop(0) if heard else ["not", "in", "the log"]
        # A path with several verbs is logged as one of them when the method is none of theirs.
        if of_call[2] == "wrong_method":
            of_call[1] = words[0]
        if words[0] not in NOBODYS and [dialect, *words] != of_call:
            report += [f"  line {exchange.line}: {exchange.title}",
                       f"      the log says {' '.join(of_call)}"]
    return report


def play(exchange, client, captured):
    """What is wrong with one exchange, and the request id of its answer."""
    body = exchange.repeat or golden_file.fill("\n".join(exchange.body), captured)
    body = body.encode()
    target = golden_file.fill(exchange.target, captured)
    context = (exchange.method, target, body)
    headers = [(name, golden_file.fill(value, captured, context)) for name, value in exchange.headers]
    answer = client.send(exchange.method, target, headers, body)
    wrong = golden_file.judge(exchange, answer, captured)
    if wrong:
        status, _, content = answer
        wrong.append(f"came: {status} {content.decode('utf-8', 'backslashreplace')[:600]}")
    request_id = next((value for name, value in answer[1] if name.lower() == "x-request-id"), "")
    return wrong, request_id


def play_until(exchange, client, captured, chain):
    """What the chain is asked first, then the exchange; where it says so, until it is as expected."""
    for method, parameters in exchange.before:
        chain.ask(method, *parameters)
    deadline = time.monotonic() + READY_S
    while True:
        wrong, request_id = play(exchange, client, captured)
        if not wrong or not exchange.until or time.monotonic() > deadline:
            return wrong, request_id
        time.sleep(0.05)


def play_file(path, options):
    """Returns (exchanges played, report lines); no lines when all is as expected."""
    captured = {}
    report = []
    played = []
    try:
        exchanges = golden_file.parse(path.read_text(encoding="utf-8"))
        needs_chain = any(exchange.before for exchange in exchanges)
        world = World(options.coffer, options.new_store(), options.shards,
                      Chain(DEMO_CHAIN_ID) if needs_chain else None)
    except (golden_file.Wrong, RuntimeError, OSError) as error:
        return 0, [f"  {error}"]
    client = (Http2 if options.http2 else Http1)(world.port)
    try:
        for exchange in exchanges:
            request_id = ""
            try:
                wrong, request_id = play_until(exchange, client, captured, world.chain)
            except (golden_file.Wrong, OSError, http.client.HTTPException, RuntimeError) as error:
                wrong = [f"{type(error).__name__}: {error}"]
                client.close()
                client = type(client)(world.port)
            played.append((exchange, request_id))
            if wrong:
                report.append(f"  line {exchange.line}: {exchange.title}")
                report += [f"      {text}" for text in wrong]
        client.close()
        world.stop()
        report += misnamed(played, path.parent.name, world.said())
    finally:
        client.close()
        world.close()
    return len(played), report


def main():
    arguments = argparse.ArgumentParser(description="Plays golden exchanges against coffer demo.")
    arguments.add_argument("--coffer", required=True, help="the program")
    arguments.add_argument("--store", default="memory", choices=("memory", "rocksdb", "postgres"))
    arguments.add_argument("--shards", type=int, help="with postgres, into how many the books are divided")
    arguments.add_argument("--http2", action="store_true")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("files", nargs="*", type=pathlib.Path)
    options = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        options.new_store = lambda: options.store
        if options.store == "postgres":
            options.new_store = stack.enter_context(PostgresServer()).new_place
        return play_all(options)


def play_all(options):
    root = HERE / "golden"
    files = [path.resolve() for path in options.files] or sorted(root.rglob("*.http"))

    exchanges = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, (played, report) in zip(files, pool.map(lambda path: play_file(path, options), files)):
            name = path.relative_to(root) if path.is_relative_to(root) else path
            print(f"{'FAIL' if report else 'ok  '} {name} ({played})", flush=True)
            for line in report:
                print(line)
            exchanges += played
            failed += bool(report)
    version = "HTTP/2" if options.http2 else "HTTP/1.1"
    print(f"golden: {len(files)} files, {exchanges} exchanges over {version} on {options.store}"
          f"{f' of {options.shards} shards' if options.shards else ''}: "
          + (f"{failed} files failed" if failed else "all as expected"))
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
