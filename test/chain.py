"""A real node of a chain for tests: anvil on a free port, with a token on it."""

import ctypes
import http.server
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parent.parent
FOLDER = SOURCE / "build/chain"
PROGRAM = FOLDER / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
READY_S = 60
MAKER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"  # the node's own first account


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def end_with_the_test():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Front:
    """The same node elsewhere: by https, as whoever those files say that it is; or one that dies when it
    has heard a method for the first time, and leaves it without an answer."""

    def __init__(self, url, certificate=None, key=None, dies_of=None):
        front = self
        self.asked = 0
        self.is_dead = False

        class Forwards(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                front.asked += 1
                body = self.rfile.read(int(self.headers["content-length"]))
                if front.is_dead:
                    self.close_connection = True
                    return
                request = urllib.request.Request(url, body, {"content-type": "application/json"})
                with urllib.request.urlopen(request, timeout=30) as response:
                    answer = response.read()
                if dies_of and json.loads(body)["method"] == dies_of:
                    front.is_dead = self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forwards)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = self.url.replace("http", "https")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Chain:
    def __init__(self, chain_id):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        assert PROGRAM.exists(), f"{PROGRAM} is missing; `./dev test` installs it"
        self.process = subprocess.Popen(
            [str(PROGRAM), "--host", "127.0.0.1", "--port", str(port), "--silent",
             "--chain-id", str(chain_id), "--slots-in-an-epoch", "1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=end_with_the_test)
        self.wait_for(self.answers)

    def close(self):
        self.process.kill()
        self.process.wait()

    def answers(self):
        try:
            return self.ask("eth_chainId")
        except OSError:
            return None

    def wait_for(self, question):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if answer := question():
                return answer
            assert self.process.poll() is None, "the node ended"
            time.sleep(0.02)
        raise AssertionError(f"waited for {READY_S} s in vain")

    def ask(self, method, *parameters):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        request = urllib.request.Request(self.url, json.dumps(body).encode(),
                                         {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def run(self, **transaction):
        name = self.ask("eth_sendTransaction", {"from": MAKER, **transaction})
        return self.wait_for(lambda: self.ask("eth_getTransactionReceipt", name))

    def deploy_token(self):
        code = subprocess.run(["node", str(SOURCE / "tools/chain/compile.js"), str(FOLDER)],
                              check=True, capture_output=True, text=True).stdout
        return self.run(data=code)["contractAddress"]

    def give_tokens(self, token, to, amount):
        self.run(to=token, data=f"0xa9059cbb{int(to, 16):064x}{amount:064x}")

    def tokens(self, token, owner):
        call = {"to": token, "data": f"0x70a08231{int(owner, 16):064x}"}
        return int(self.ask("eth_call", call, "latest"), 16)

    def coins(self, owner):
        return int(self.ask("eth_getBalance", owner, "latest"), 16)
