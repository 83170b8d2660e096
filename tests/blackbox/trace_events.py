"""The records of a trace for tests, by tests/support/print_events: the reader's bytes, but
nothing of the analysis, so that sums made here are a second opinion on the report."""
import collections
import subprocess

import interpreters

PRINT_EVENTS = interpreters.BUILD / "tests" / "support" / "print_events"

ENTERS = frozenset(("start", "resume", "throw"))
LEAVES = frozenset(("return", "yield", "unwind"))

Code = collections.namedtuple("Code", "name line file")

FIELDS = {
    "m": ("allocated_bytes", "allocated_count", "freed_bytes", "freed_count"),
    "o": ("object_bytes", "object_count"),
    "r": ("rss_pages",),
    "p": ("mapped_bytes", "file_mapped_bytes"),
}


class Stream:
    """One thread: its events in order, each (kind, fields, deltas); deltas is a dict."""

    def __init__(self, number):
        self.number = number
        self.tid = None
        self.is_main = False
        self.rss_method = None
        self.events = []


class Trace:
    def __init__(self, path):
        self.streams = {}
        self.codes = {}
        self.info = {}
        self.end = None
        self.losses = []
        self.samples = []
        self.gaps = 0
        self.thread_sums = {}
        done = subprocess.run(
            [str(PRINT_EVENTS), str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", errors="surrogateescape", timeout=interpreters.TIMEOUT_S,
        )
        assert done.returncode == 0, "print_events: %s" % done.stderr
        for line in done.stdout.split("\n")[:-1]:
            self._take(line.split("\t"))

    def _take(self, parts):
        number, kind = int(parts[0]), parts[2]
        bar = len(parts) - 1
        while bar > 2 and parts[bar] != "|":
            bar -= 1
        fields = parts[3:bar]
        stream = self.streams.get(number)
        if stream is None:
            stream = self.streams[number] = Stream(number)
        if kind == "gap":
            self.gaps += 1
            return
        if kind == "code":
            self.codes[int(fields[0])] = Code(fields[3], int(fields[1]), fields[4])
        elif kind == "info":
            self.info[fields[0]] = fields[1] if len(fields) > 1 else ""
        elif kind == "thread":
            stream.tid, stream.rss_method = int(fields[0]), int(fields[1])
            stream.is_main = fields[2] == "1"
        elif kind == "end":
            self.end = [int(field) for field in fields]
        elif kind == "loss":
            self.losses.append([int(field) for field in fields])
        elif kind == "sample":
            self.samples.append(int(fields[0]))
        elif kind == "sums":
            self.thread_sums.setdefault(int(fields[0]), collections.Counter()).update(
                deltas_of(fields[1:]))
        stream.events.append((kind, fields, deltas_of(parts[bar + 1:])))

    @property
    def threads(self):
        """The streams that are threads of the program, main first."""
        found = [each for each in self.streams.values() if each.tid is not None]
        return sorted(found, key=lambda each: (not each.is_main, each.number))

    @property
    def main(self):
        return self.threads[0]

    def calls(self, stream):
        """[(kind, Code)] of enters and leaves; of a leave the code that it leaves."""
        stack, result = [], []
        for kind, fields, _ in stream.events:
            if kind in ENTERS:
                stack.append(self.codes[int(fields[0])])
                result.append((kind, stack[-1]))
            elif kind in LEAVES:
                result.append((kind, stack.pop()))
        return result

    def assert_whole(self):
        """Nothing lost, nothing missing, a proper end, and every call was left."""
        assert self.losses == []
        assert self.gaps == 0
        assert self.end is not None, "no end record"
        for stream in self.threads:
            kinds = collections.Counter(kind for kind, _, _ in stream.events)
            enters = sum(kinds[kind] for kind in ENTERS)
            leaves = sum(kinds[kind] for kind in LEAVES)
            assert enters == leaves, (stream.tid, kinds)

    def rss_pages(self):
        """What all records of all threads say together."""
        return sum((deltas or {}).get("rss_pages", 0)
                   for each in self.streams.values() for _, _, deltas in each.events)

    def self_deltas(self, stream=None):
        """Sums of what happened while each function ran itself: {Code or None: Counter}."""
        result = collections.defaultdict(collections.Counter)
        for each in [stream] if stream else self.threads:
            stack = []
            for kind, fields, deltas in each.events:
                if deltas:
                    result[stack[-1] if stack else None].update(deltas)
                if kind in ENTERS:
                    stack.append(self.codes[int(fields[0])])
                elif kind in LEAVES:
                    stack.pop()
        return result


def deltas_of(parts):
    if not parts:
        return None
    result = {}
    for part in parts:
        for key, value in zip(FIELDS[part[0]], part[2:].split(",")):
            result[key] = int(value)
    return result
