"""What a thread keeps in its locals, for as long as it lives."""
import os
import threading

done = threading.Event()
ready = threading.Event()
kept = threading.local()


def serve():
    kept.buffers = [bytearray(100000) for _ in range(100)]
    ready.set()
    done.wait()


threading.Thread(target=serve, daemon=True).start()
ready.wait()
