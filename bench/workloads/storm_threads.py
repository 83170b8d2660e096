"""Eight threads of C (the argument: how many) that malloc and free, 24 million pairs between
them, without the GIL: bench/malloc_threads.c, whose library PMT_BENCH_THREADS names. Prints
the seconds that took by the wall clock and of the process's CPU time."""
import ctypes
import os
import sys
import time

THREADS = int(sys.argv[1]) if len(sys.argv) > 1 else 8
PAIRS = 24000000

run = ctypes.CDLL(os.environ['PMT_BENCH_THREADS']).malloc_threads
begin, begin_cpu = time.monotonic(), time.process_time()
assert run(THREADS, ctypes.c_long(PAIRS // THREADS)) == 0
print('%.3f %.3f' % (time.monotonic() - begin, time.process_time() - begin_cpu))
