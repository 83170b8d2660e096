"""Marks and regions: the program's own words in its trace.

    pymemtrace-run python3 marks.py [libmarks.so]
    pymemtrace-report log trace.bin

Without the tracer the program runs the same. With the path of the library made from
marks.c, C code adds marks of its own.
"""
import contextlib
import ctypes
import sys


class Tracer:
    """pymemtrace's functions, found in the process itself; calls do nothing without it."""

    def __init__(self):
        self.library = ctypes.CDLL(None)

    def call(self, name, *texts):
        function = getattr(self.library, "pymemtrace_" + name, None)
        return function(*(text.encode() for text in texts)) if function else 0

    @contextlib.contextmanager
    def region(self, text):
        self.call("region_begin", text)
        try:
            yield
        finally:
            self.call("region_end", text)

    @contextlib.contextmanager
    def paused(self):
        was_on = self.call("pause")
        try:
            yield
        finally:
            if was_on:
                self.call("resume")


def fill(cache, count):
    for number in range(count):
        cache[number] = "value %d" % number * 10


def main():
    tracer = Tracer()
    cache = {}
    with tracer.region("fill the cache"):
        fill(cache, 20000)
        tracer.call("mark", "cache holds %d" % len(cache))
    with tracer.paused():
        fill({}, 20000)  # not in the trace, except in its sums and samples
    if len(sys.argv) > 1:
        status = ctypes.CDLL(sys.argv[1]).marks_build_table(ctypes.c_size_t(5000))
        print("C library:", status)
    print("cache:", len(cache), "traced" if tracer.call("active") else "not traced")


if __name__ == "__main__":
    main()
