"""Runs a workload of this folder in one of several ways, for a comparison of what is seen.

    profiled.py plain WORKLOAD            to be traced: nothing is installed
    profiled.py profile WORKLOAD OUT      every call and return by sys.setprofile, into OUT
    profiled.py cprofile WORKLOAD OUT     calls of each function as cProfile counts them

In each way begin_marker() and end_marker() are called around the workload. The collector
is off: it would run finalisers at other moments when a profiler allocates too.
"""
import gc
import importlib
import json
import sys
import threading


def begin_marker():
    pass


def end_marker():
    pass


def name_of(code):
    return getattr(code, "co_qualname", code.co_name)


class Recorder:
    """Per thread a list of code objects, with None before each for a call."""

    def __init__(self):
        self.threads = []
        self.local = threading.local()

    def __call__(self, frame, event, arg):
        if event == "call" or event == "return":
            try:
                events = self.local.events
            except AttributeError:
                events = self.local.events = []
                self.threads.append(events)
            events.append((event == "call", frame.f_code))

    def start(self):
        threading.setprofile(self)
        sys.setprofile(self)

    def stop(self):
        sys.setprofile(None)
        threading.setprofile(None)

    def result(self):
        numbers, codes, threads = {}, [], []
        for events in self.threads:
            thread = []
            for is_call, code in events:
                # By identity: equal code objects may come from different lines' lambdas.
                if id(code) not in numbers:
                    numbers[id(code)] = len(codes)
                    codes.append((name_of(code), code.co_firstlineno, code.co_filename))
                thread.append((is_call, numbers[id(code)]))
            threads.append(thread)
        return {"codes": codes, "threads": threads}


class CProfiler:
    def __init__(self):
        import cProfile

        self.profile = cProfile.Profile()
        self.start, self.stop = self.profile.enable, self.profile.disable

    def result(self):
        return [
            (name_of(entry.code), entry.code.co_firstlineno, entry.code.co_filename,
             entry.callcount)
            for entry in self.profile.getstats() if not isinstance(entry.code, str)
        ]


class Nothing:
    def start(self):
        pass

    stop = start


def main(way, name, out=None):
    workload = importlib.import_module(name)
    getattr(workload, "prepare", Nothing().start)()
    observer = {"plain": Nothing, "profile": Recorder, "cprofile": CProfiler}[way]()
    gc.disable()
    observer.start()
    begin_marker()
    workload.main()
    end_marker()
    observer.stop()
    if out:
        with open(out, "w") as file:
            json.dump(observer.result(), file)


if __name__ == "__main__":
    main(*sys.argv[1:])
