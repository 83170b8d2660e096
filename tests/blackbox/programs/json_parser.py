"""A recursive-descent JSON parser in pure Python, checked against the json module."""
import json
import re

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class ParseError(ValueError):
    def __init__(self, message, at):
        super().__init__("%s at %d" % (message, at))
        self.at = at


class Parser:
    def __init__(self, text):
        self.text = text
        self.at = 0

    def peek(self):
        self.skip_blanks()
        return self.text[self.at : self.at + 1]

    def skip_blanks(self):
        while self.text[self.at : self.at + 1] in (" ", "\n", "\t", "\r"):
            self.at += 1

    def take(self, wanted):
        if self.peek() != wanted:
            raise ParseError("expected %r" % wanted, self.at)
        self.at += 1

    def value(self):
        first = self.peek()
        if first == "{":
            return self.members()
        if first == "[":
            return list(self.elements())
        if first == '"':
            return self.string()
        for word, meaning in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        return self.number()

    def members(self):
        result = {}
        self.take("{")
        while self.peek() != "}":
            key = self.string()
            self.take(":")
            result[key] = self.value()
            if self.peek() != "}":
                self.take(",")
        self.take("}")
        return result

    def elements(self):
        self.take("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() != "]":
                self.take(",")
        self.take("]")

    def string(self):
        self.take('"')
        parts = []
        while True:
            char = self.text[self.at]
            self.at += 1
            if char == '"':
                return "".join(parts)
            parts.append(self.escape() if char == "\\" else char)

    def escape(self):
        char = self.text[self.at]
        self.at += 1
        if char == "u":
            self.at += 4
            return chr(int(self.text[self.at - 4 : self.at], 16))
        return ESCAPES[char]

    def number(self):
        found = NUMBER.match(self.text, self.at)
        if not found:
            raise ParseError("no value", self.at)
        self.at = found.end()
        return float(found.group()) if found.group(1) or found.group(2) else int(found.group())


def parse(text):
    parser = Parser(text)
    result = parser.value()
    if parser.peek():
        raise ParseError("more behind the value", parser.at)
    return result


DOCUMENT = json.dumps(
    [
        {
            "id": i,
            "name": "n\u00e4me \"%d\"\n" % i,
            "nested": {"list": list(range(i % 7)), "deep": [[[i]], [], {}]},
            "flags": [True, False, None],
            "ratio": i / 3,
            "big": -(10**i),
        }
        for i in range(60)
    ],
    indent=1,
)


def main():
    assert parse(DOCUMENT) == json.loads(DOCUMENT)
    failures = 0
    for bad in ("[1,", "{\"a\" 1}", "[] x", "nul", "", "[1 2]"):
        try:
            parse(bad)
        except (ParseError, IndexError):
            failures += 1
    assert failures == 6
