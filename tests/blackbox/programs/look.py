"""Prints what a program can see of itself and of its process, to compare two runs."""
import gc
import os
import resource
import signal
import sys
import threading
import warnings


def show(name, value):
    print("%-16s %r" % (name, value))


def look_around():
    show("flags", sys.flags)
    show("argv", sys.argv)
    show("orig_argv", getattr(sys, "orig_argv", None))
    show("path", sys.path)
    show("executable", sys.executable)
    show("xoptions", sys._xoptions)
    show("warnoptions", sys.warnoptions)
    show("filters", warnings.filters)
    show("modules", sorted(sys.modules))
    show("meta_path", [str(each) for each in sys.meta_path])
    show("path_hooks", len(sys.path_hooks))
    show("profile", sys.getprofile())
    show("trace", sys.gettrace())
    show("recursion", sys.getrecursionlimit())
    show("switch", sys.getswitchinterval())
    show("gc", (gc.isenabled(), gc.get_threshold(), gc.callbacks, gc.get_debug()))
    show("threads", [thread.name for thread in threading.enumerate()])
    show("signals", [signal.getsignal(n) for n in range(1, 32)])
    show("mask", signal.pthread_sigmask(signal.SIG_BLOCK, []))
    show("hooks", (sys.excepthook, sys.displayhook, sys.unraisablehook))
    show("umask", os.umask(0o22))
    show("cwd", os.getcwd())
    show("ids", (os.getuid(), os.geteuid(), os.getgid()))
    show("limits", [resource.getrlimit(n) for n in range(10)])
    # Without the two by which a user asks for a trace.
    show("environ", sorted(set(os.environ) - {"LD_PRELOAD", "PYMEMTRACE"}))
    show("environb", sorted(set(os.environb) - {b"LD_PRELOAD", b"PYMEMTRACE"}))
    show("priority", (os.nice(0), sorted(os.sched_getaffinity(0))))
    show("encoding", (sys.getfilesystemencoding(), sys.stdout.encoding))
    show("fields", sorted(vars(sys)))
    # 3 is the lowest free number: what the program opens gets the numbers it expects.
    with open(os.devnull) as first, open(os.devnull) as second:
        show("descriptors", (first.fileno(), second.fileno()))


look_around()
