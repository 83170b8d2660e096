"""Threads whose own work is the same at every run, whatever their order: by Thread, by
subclass, by _thread, nested, with exceptions, with generators passed between them."""
import _thread
import sys
import threading


def work(n):
    return sum(square(i) for i in range(n))


def square(x):
    return x * x


def fails(n):
    if n:
        return fails(n - 1)
    raise ArithmeticError("in a thread")


class Own(threading.Thread):
    def __init__(self, n):
        super().__init__()
        self.n = n
        self.result = None

    def run(self):
        self.result = work(self.n)
        try:
            fails(self.n)
        except ArithmeticError:
            square(self.n)


def parent(n):
    child = threading.Thread(target=work, args=(n + 100,))
    child.start()
    work(n)
    child.join()


def step(generator):
    for _ in range(10):
        next(generator)


def numbers():
    i = 0
    while True:
        i = square(i) % 97 + 1
        yield i


def run(n):
    """Named like a Thread's run: there the comparison begins in every thread."""
    work(n)


def raw_thread(n, lock):
    sys.setprofile(threading._profile_hook)  # as a Thread does for itself
    try:
        run(n)
    finally:
        lock.release()


def raw():
    lock = _thread.allocate_lock()
    lock.acquire()
    _thread.start_new_thread(raw_thread, (33, lock))
    lock.acquire()


def main():
    threads = [Own(n) for n in range(1, 9)]
    threads += [threading.Thread(target=work, args=(n,)) for n in range(20, 40)]
    threads.append(threading.Thread(target=parent, args=(50,)))
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    generator = numbers()
    for _ in range(3):
        thread = threading.Thread(target=step, args=(generator,))
        thread.start()
        thread.join()
    raw()
