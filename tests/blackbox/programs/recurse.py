"""Recurses to the limit it is given, and says how deep it came.

    recurse.py LIMIT STACK_KIB WHERE WHAT

WHERE is main or thread (with a stack of STACK_KIB); WHAT is python (calls only), c (through
a C function each time), or both (python, and at its end through C).
"""
import sys
import threading

LIMIT, STACK_KIB, WHERE, WHAT = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
deepest = 0


def through_python(depth):
    global deepest
    deepest = depth
    return through_python(depth + 1)


class ThroughC:
    depth = 0

    def __repr__(self):
        global deepest
        ThroughC.depth += 1
        deepest = ThroughC.depth
        return repr(self)


def last():
    return len("some work at the end")


def python_then_c(depth, end):
    if depth < end:
        return python_then_c(depth + 1, end)
    return repr(ThroughC())


def go():
    try:
        if WHAT == "python":
            through_python(1)
        elif WHAT == "c":
            repr(ThroughC())
        else:
            python_then_c(1, LIMIT - 2000)
    except RecursionError as error:
        print("RecursionError", deepest, error)
    last()


sys.setrecursionlimit(LIMIT)
if WHERE == "main":
    go()
else:
    threading.stack_size(STACK_KIB << 10)
    thread = threading.Thread(target=go)
    thread.start()
    thread.join()
