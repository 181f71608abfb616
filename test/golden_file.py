"""Reads golden exchanges (test/golden/README.md) and compares answers with them."""

import base64
import datetime
import hashlib
import hmac
import json
import re
import time
import uuid

PATTERNS = {
    "any": r".*",
    "text": r".+",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "time3": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "time6": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z",
}
PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")


class Wrong(Exception):
    """The golden file itself makes no sense."""


class Exchange:
    def __init__(self, title, line):
        self.title = title
        self.line = line
        self.method = self.target = None
        self.headers = []
        self.body = []
        self.repeat = None
        self.status = None
        self.answer_headers = []
        self.answer_body = []
        self.before = []  # (method, parameters) that the chain is asked first
        self.until = False  # asked again until the answer is as expected


def parse(text):
    """The exchanges of a golden file, in order."""
    exchanges = []
    part = "prose"
    asked = []
    for number, line in enumerate(text.split("\n"), 1):
        exchange = exchanges[-1] if exchanges else None
        if line.startswith("### "):
            exchanges.append(Exchange(line[4:].strip(), number))
            exchanges[-1].before, asked = asked, []
            part = "request"
        elif line.startswith("%% chain ") and part == "prose":
            asked.append(chain_call(line, number))
        elif line == "%% until" and part == "request":
            exchange.until = True
        elif exchange is None or part == "prose":
            if line.strip() and not line.startswith("#"):
                raise Wrong(f"line {number}: prose begins with #")
        elif part == "request" and line.startswith("> "):
            if exchange.method is None:
                exchange.method, _, exchange.target = line[2:].partition(" ")
            else:
                exchange.headers.append(split_header(line[2:]))
        elif part == "request" and line.startswith(">> repeat "):
            count, character = re.fullmatch(r">> repeat (\d+) '(.)'", line).groups()
            exchange.repeat = character * int(count)
        elif part in ("request", "answer") and line.startswith("< "):
            part = "answer"
            if exchange.status is None:
                exchange.status = int(line[2:])
            else:
                exchange.answer_headers.append(split_header(line[2:]))
        elif part == "request" and (line or exchange.body):
            exchange.body.append(line)
        elif part == "answer" and line:
            exchange.answer_body.append(line)
        elif part == "answer":
            part = "prose"
    for exchange in exchanges:
        while exchange.body and not exchange.body[-1]:
            exchange.body.pop()
        if exchange.method is None or exchange.status is None:
            raise Wrong(f"line {exchange.line}: an exchange needs a request and a status")
    return exchanges


def chain_call(line, number):
    method, _, parameters = line[len("%% chain "):].partition(" ")
    try:
        return method, json.loads(parameters or "[]")
    except ValueError as error:
        raise Wrong(f"line {number}: parameters that are no JSON") from error


def split_header(text):
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip()


# ---- what is sent -----------------------------------------------------------------------------------


def fill(text, captured, context=None):
    """Text with its placeholders replaced; `context` has what signatures need."""
    # Innermost first, so that a token may hold what was captured before.
    text = PLACEHOLDER.sub(lambda match: one_value(match.group(1), captured, context), text)
    return re.sub(r"\{\{jwt (\S+) (\{.*?\})\}\}", lambda match: jwt(*match.groups()), text)


def one_value(name, captured, context):
    word, _, rest = name.partition(" ")
    if name in captured:
        return str(captured[name])
    if name == "uuid-new":
        return str(uuid.uuid4())
    if word == "basic":
        return base64.b64encode(rest.encode()).decode()
    if word in ("sign", "sign512", "sign-b64", "sign-target"):
        if context is None:
            raise Wrong("a signature belongs into a header")
        return signature(word, rest, context)
    if match := re.fullmatch(r"now([+-]\d+)?", name):
        return str(int(time.time()) + int(match.group(1) or 0))
    if match := re.fullmatch(r"date([+-]\d+)?", name):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        return str(today + datetime.timedelta(days=int(match.group(1) or 0)))
    raise Wrong(f"nothing was captured as {name}")


def signature(word, key, context):
    method, target, body = context
    algorithm = hashlib.sha512 if word == "sign512" else hashlib.sha256
    if word == "sign-target":
        body = f"{method} {target.partition('?')[0]}\n".encode() + body
    digest = hmac.new(key.encode(), body, algorithm)
    if word == "sign-b64":
        return base64.b64encode(digest.digest()).decode()
    return digest.hexdigest()


def jwt(key, claims):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(claims.encode())
    return signed + "." + part(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())


# ---- what comes back --------------------------------------------------------------------------------


class Number(str):
    """A JSON number by its characters."""


class Matcher(str):
    """A placeholder that stands for a whole JSON value."""


def parse_json(text):
    def pairs(items):
        if len({key for key, _ in items}) != len(items):
            raise ValueError("a key is given twice")
        return dict(items)

    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=pairs)


def parse_expected(text):
    """Expected JSON; a placeholder outside of a string becomes a Matcher."""
    out = []
    in_string = False
    position = 0
    while position < len(text):
        if not in_string and text.startswith("{{", position):
            end = text.index("}}", position)
            out.append(json.dumps("\x01" + text[position + 2:end]))
            position = end + 2
            continue
        character = text[position]
        if in_string and character == "\\":
            out.append(text[position:position + 2])
            position += 2
            continue
        if character == '"':
            in_string = not in_string
        out.append(character)
        position += 1

    def matchers(value):
        if isinstance(value, dict):
            return {key: matchers(item) for key, item in value.items()}
        if isinstance(value, list):
            return [matchers(item) for item in value]
        if isinstance(value, str) and not isinstance(value, Number) and value.startswith("\x01"):
            return Matcher(value[1:])
        return value

    try:
        return matchers(parse_json("".join(out)))
    except ValueError as error:
        raise Wrong(f"the expected body is not JSON: {error}") from error


def match_text(expected, actual, captured):
    """Compares texts; placeholders inside `expected` match parts. A list of captures, or None."""
    pattern, names, end = "", [], 0
    for placeholder in PLACEHOLDER.finditer(expected):
        pattern += re.escape(expected[end:placeholder.start()])
        end = placeholder.end()
        word = placeholder.group(1)
        if word in PATTERNS:
            pattern += PATTERNS[word]
        elif word.startswith("capture "):
            names.append(word[len("capture "):])
            pattern += "(.+?)"
        else:
            pattern += re.escape(one_value(word, captured, None))
    pattern += re.escape(expected[end:])
    match = re.fullmatch(pattern, actual, re.DOTALL)
    return None if match is None else list(zip(names, match.groups()))


def compare(expected, actual, captured, path="$"):
    """The differences between two JSON values, in words."""
    if isinstance(expected, Matcher):
        return compare_matcher(expected, actual, captured, path)
    if isinstance(expected, dict) and isinstance(actual, dict):
        wrong = [f"{path}.{key} is missing" for key in expected if key not in actual]
        wrong += [f"{path}.{key} is too many: {show(actual[key])}" for key in actual
                  if key not in expected]
        for key in expected:
            if key in actual:
                wrong += compare(expected[key], actual[key], captured, f"{path}.{key}")
        return wrong
    if isinstance(expected, list) and isinstance(actual, list):
        if expected and expected[-1] == Matcher("..."):
            expected = expected[:-1]
            actual = actual[:max(len(expected), 0)]
        if len(expected) != len(actual):
            return [f"{path} has {len(actual)} elements, expected {len(expected)}"]
        wrong = []
        for index, (left, right) in enumerate(zip(expected, actual)):
            wrong += compare(left, right, captured, f"{path}[{index}]")
        return wrong
    if type(expected) is str and type(actual) is str:
        captures = match_text(expected, actual, captured)
        if captures is not None:
            captured.update(captures)
            return []
    elif type(expected) is type(actual) and expected == actual:
        return []
    return [f"{path} is {show(actual)}, expected {show(expected)}"]


def compare_matcher(expected, actual, captured, path):
    word = str(expected)
    if word.startswith("capture "):
        captured[word[len("capture "):]] = actual
        return []
    if word == "any":
        return []
    if word in PATTERNS:
        if type(actual) is str and re.fullmatch(PATTERNS[word], actual, re.DOTALL):
            return []
        return [f"{path} is {show(actual)}, expected {word}"]
    if word not in captured:
        raise Wrong(f"nothing was captured as {word}")
    if captured[word] == actual and type(captured[word]) is type(actual):
        return []
    return [f"{path} is {show(actual)}, expected {show(captured[word])} ({word})"]


def show(value):
    if isinstance(value, Matcher):
        return "{{" + value + "}}"
    if isinstance(value, Number):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def judge(exchange, answer, captured):
    """What is wrong with an answer (status, header list, body bytes); empty when nothing is."""
    status, headers, body = answer
    wrong = []
    if status != exchange.status:
        wrong.append(f"status is {status}, expected {exchange.status}")
    for name, value in exchange.answer_headers:
        came = [given for key, given in headers if key.lower() == name]
        if value == "-":
            wrong += [f"header {name} came: {given}" for given in came]
        elif not came:
            wrong.append(f"header {name} is missing")
        else:
            captures = match_text(value, came[0], captured)
            if captures is None:
                wrong.append(f"header {name} is {came[0]}, expected {value}")
            else:
                captured.update(captures)
    expected = "\n".join(exchange.answer_body)
    text = body.decode("utf-8", "backslashreplace")
    if expected == "<empty>":
        if body:
            wrong.append(f"the body is not empty: {text[:300]}")
    elif expected.startswith("text:"):
        captures = match_text(expected[len("text:"):].strip(), text.strip(), captured)
        if captures is None:
            wrong.append(f"the body is {text[:300]!r}")
    elif expected:
        try:
            actual = parse_json(text)
        except ValueError as error:
            return wrong + [f"the body is not JSON ({error}): {text[:300]}"]
        wrong += compare(parse_expected(expected), actual, captured)
    return wrong
