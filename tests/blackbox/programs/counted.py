"""Counts the calls it has completed in a shared file, until it is killed or ends itself.

    counted.py COUNTS PROCESSES THREADS HOW AT [SIZE]

Thread t of process p calls work_<p>_<t> and then writes how often into word p*THREADS+t
of the file COUNTS, which outlives it. A process's id goes into the word behind all those,
at p. HOW and AT say what thread 0 of process 0 does after AT calls; "wait": go on for ever.
With SIZE each call allocates so many bytes by malloc, and frees them.
"""
import ctypes
import mmap
import os
import signal
import sys
import threading

PROCESSES, THREADS, AT = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[5])
HOW = sys.argv[4]
SIZE = sys.argv[6] if len(sys.argv) > 6 else ""
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]


def shared(path):
    with open(path, "r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")


def function(name):
    names = {"malloc": libc.malloc, "free": libc.free}
    exec("def %s(): %s" % (name, SIZE and "free(malloc(%s))" % SIZE or "pass"), names)
    return names[name]


def count(words, at, work, limit):
    done = 0
    while done != limit:
        work()
        done += 1
        words[at] = done


def end():
    if HOW == "_exit":
        os._exit(7)
    elif HOW == "abort":
        os.abort()
    elif HOW == "segfault":
        ctypes.string_at(8)
    elif HOW == "exec":
        os.execv("/bin/sh", ["sh", "-c", "exit 9"])
    elif HOW == "raise":
        raise RuntimeError("on purpose")
    elif HOW == "terminate":
        os.kill(os.getpid(), signal.SIGTERM)
    elif HOW == "exit":
        sys.exit(5)


def main():
    words = shared(sys.argv[1])
    process = 0
    for number in range(1, PROCESSES):
        if os.fork() == 0:
            process = number
            break
    words[PROCESSES * THREADS + process] = os.getpid()
    first = process * THREADS
    for thread in range(1, THREADS):
        work = function("work_%d_%d" % (process, thread))
        threading.Thread(
            target=count, args=(words, first + thread, work, -1), daemon=True
        ).start()
    count(words, first, function("work_%d_0" % process), AT if process == 0 else -1)
    end()


main()
