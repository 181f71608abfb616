#!/usr/bin/env python3
"""Seeds for the fuzz targets: the golden exchanges, in the form that each target reads.

`seeds(name)` gives the inputs of the target called that. `run.py --merge` calls it, so that a new
golden exchange finds its way into the corpora.
"""

import base64
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test"))
import golden_file  # noqa: E402

DIALECTS = ("integrator", "kgen", "native", "operator", "rgs", "sverse")
# What one exchange captures for the next: any will do where nobody answers.
CAPTURED = "3dc8fe01-2018-486e-9632-35aef21028a5"


# What no golden exchange shows and a fuzzer would hardly hit upon.
OTHER_CALLS = {
    "native": [b"GET /v1/rounds?older_than=1970-01-01\n\n",
               b"GET /v1/players/p/wallets?at=1970-01-01T00:00:00Z\n\n"],
}


class Anything(dict):
    def __contains__(self, name):
        word = name.partition(" ")[0]
        return not (word in ("basic", "sign", "sign512", "sign-b64", "sign-target", "uuid-new")
                    or re.fullmatch(r"(now|date)([+-]\d+)?", name))

    def __missing__(self, name):
        return CAPTURED


class Written:
    """A request as it would be sent."""

    def __init__(self, exchange):
        values = Anything()
        self.method = exchange.method
        self.target = golden_file.fill(exchange.target, values)
        body = "\n".join(exchange.body)
        self.body = golden_file.fill(body, values).encode()
        context = (self.method, self.target, self.body)
        self.headers = [(name, golden_file.fill(value, values, context))
                        for name, value in exchange.headers]


def requests():
    found = []
    for path in sorted((ROOT / "test" / "golden").rglob("*.http")):
        found += [Written(each) for each in golden_file.parse(path.read_text(encoding="utf-8"))]
    return found


def as_call(request):
    lines = [f"{request.method} {request.target}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    return "\n".join(lines).encode() + b"\n\n" + request.body


def as_http1(request, chunked=False):
    lines = [f"{request.method} {request.target} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    body = request.body
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    elif body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def as_http2(request, stream):
    """HEADERS and DATA; every field a literal that no table remembers (RFC 7541, 6.2.2)."""
    def literal(text):
        size = len(text)
        if size < 127:
            return bytes([size]) + text
        return bytes([127]) + varint(size - 127) + text

    def varint(number):
        out = b""
        while number >= 128:
            out += bytes([number % 128 + 128])
            number //= 128
        return out + bytes([number])

    def frame(kind, flags, payload):
        return (len(payload).to_bytes(3, "big") + bytes([kind, flags]) +
                stream.to_bytes(4, "big") + payload)

    fields = [(":method", request.method), (":scheme", "http"), (":path", request.target),
              (":authority", "localhost"), *request.headers]
    block = b"".join(b"\0" + literal(name.encode()) + literal(value.encode())
                     for name, value in fields)
    if not request.body:
        return frame(1, 5, block)
    return frame(1, 4, block) + frame(0, 1, request.body)


def pairs(items, one, joined):
    """Each by itself, and two after each other on one connection."""
    yield from (one(item) for item in items)
    yield from (joined(left, right) for left, right in zip(items[::2], items[1::2]))


def http1_seeds():
    small = [each for each in requests() if len(each.body) <= 256]
    plain = pairs(small, as_http1, lambda a, b: as_http1(a) + as_http1(b, chunked=True))
    yield from (b"\x10" + seed for seed in plain)
    for more in (b"Expect: 100-continue", b"Connection: close", b"Connection: upgrade",
                 b"Content-Length: 9, 9", b"Transfer-Encoding: gzip, chunked"):
        yield b"\x05POST /hold HTTP/1.1\r\nHost: a\r\n" + more + b"\r\nContent-Length: 9\r\n\r\n{\"a\": 10}"
    yield b"\x00HEAD / HTTP/1.0\r\n\r\nGET http://a/large HTTP/1.1\r\nHost: a\r\n\r\n"


def http2_seeds():
    small = [each for each in requests() if len(each.body) <= 256]
    both = pairs(small, lambda one: as_http2(one, 1),
                 lambda left, right: as_http2(left, 1) + as_http2(right, 3))
    yield from (b"\x10" + seed for seed in both)
    for control in ("000008060000000000" "0011223344556677", "000004080000000000" "00000400",
                    "000004030000000001" "00000008", "000005020000000001" "0000000310",
                    "000006040000000000" "000300000001", "000000040100000000"):
        yield b"\x02" + bytes.fromhex(control)


def numbers():
    texts = {"0", "-0", "1e0", "5.05e1", "0.1e-17", "99999999999999999999999999999999999999",
             "1e37", "1E+38", "100000000000000000000000000000000000000", "0.000000000000000001"}
    for request in requests():
        texts |= {number.decode() for number in re.findall(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?",
                                                         request.body)}
    return texts


def money_seeds():
    yield from (bytes([scale]) + number.encode() for number in numbers() for scale in (0, 2, 18))


def body_seeds():
    yield from (each.body for each in requests() if each.body)
    yield b'[1, "\\u00e9\\ud83d\\ude00", {"a": [true, null]}]'


def text_seeds():
    for request in requests():
        path, _, query = request.target.partition("?")
        yield query.encode()
        yield path.rpartition("/")[2].encode()
        yield from (value.encode() for name, value in request.headers if name == "authorization")
    for text in ("2026-01-01", "2026-02-29T23:59:60.123456+02:00", "1969-12-31T23:59:59Z",
                 "::ffff:10.0.0.1", "2001:db8::1", "1767225600000"):
        yield text.encode()


def jwt_seeds():
    claims = {"iss": "demo-kgen", "sub": "alice", "sid": CAPTURED, "user_id": "alice",
              "wallet_address": "", "iat": 1700000000, "exp": 1700086400}
    yield json.dumps(claims).encode()
    yield json.dumps({**claims, "nbf": 1700000000, "aud": ["a"]}).encode()
    yield golden_file.jwt("key", json.dumps(claims)).encode()
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=")
    yield none + b".e30."
    for request in requests():
        yield from (value.encode() for name, value in request.headers if name == "user-jwt-token")


NODE_HASH = "0x" + "22" * 32
NODE_RESULTS = (
    None, "0x0", "0x539", "0x" + "f" * 64, "0x" + "0" * 63 + "7", NODE_HASH,
    {"number": "0x1b4", "hash": NODE_HASH, "baseFeePerGas": "0x3b9aca00"},
    {"hash": NODE_HASH, "nonce": "0x5", "blockNumber": None},
    {"transactionHash": NODE_HASH, "blockNumber": "0x1b4", "blockHash": NODE_HASH, "status": "0x1",
     "gasUsed": "0x5208", "effectiveGasPrice": "0x77359400"},
    {"oldestBlock": "0x1", "baseFeePerGas": ["0x3b9aca00", "0x342770c0"], "gasUsedRatio": [0.5],
     "reward": [["0x3b9aca00"], ["0x1"]]},
    {"raw": "0x02c0", "tx": {}},
    [{"address": "0x00000000000000000000000000000000000000cc",
      "topics": ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
                 "0x" + "0" * 62 + "aa", "0x" + "0" * 62 + "bb"],
      "data": "0x" + "0" * 62 + "07", "blockNumber": "0x1b4", "blockHash": NODE_HASH,
      "transactionHash": NODE_HASH, "transactionIndex": "0x0", "logIndex": "0x2",
      "removed": False}])


def node_answers_seeds():
    for result in NODE_RESULTS:
        yield json.dumps(result).encode()
        yield json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()
    for error in ({"code": -32003, "message": "nonce too low"}, {"message": ""}, [], "no"):
        yield json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode()


OWN = {"body": body_seeds, "http1": http1_seeds, "http2": http2_seeds, "jwt": jwt_seeds,
       "money": money_seeds, "node_answers": node_answers_seeds, "text": text_seeds}


def seeds(name):
    """None for `record`, whose bytes no exchange shows: its corpus began with the tests' samples."""
    if name in OWN:
        yield from OWN[name]()
    elif name in DIALECTS:
        yield from (as_call(request) for request in requests())
        yield from OTHER_CALLS.get(name, ())
