"""Does at random what Python's frames can do, allocates meanwhile, and writes which stacks it stood on:
random_stacks.py SEED RESULT [UNTIL]. With UNTIL it says that it is ready and goes on until there is such
a file. The result is JSON: size -> [[function, f_lasti], ...], innermost first."""
import ctypes
import functools
import itertools
import json
import os
import random
import sys
import threading

try:
    import greenlet
except ImportError:
    greenlet = None

seed, result = int(sys.argv[1]), sys.argv[2]
sys.setrecursionlimit(20000)
threading.stack_size(256 << 20)
libc = ctypes.CDLL(None)
malloc, free = libc.malloc, libc.free
malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
free.restype, free.argtypes = None, [ctypes.c_void_p]
sizes = itertools.count(70001)
expected = {}

def note(size):
    """Where the caller stands; the innermost frame has gone on since it allocated."""
    frames, f = [], sys._getframe(1)
    while f:
        code = f.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), f.f_lasti])
        f = f.f_back
    frames[0][1] = None
    expected[size] = frames

class Left(Exception):
    """Through some frames."""

class Walk:
    """One thread's: what it draws depends on nothing but the seed and its number."""

    def __init__(self, number, steps):
        self.rng = random.Random(seed * 1000 + number)
        self.left = steps
        self.deep = 0
        self.generators = []
        self.coroutines = []
        self.greenlets = []
        self.main = greenlet.getcurrent() if greenlet else None

    def run(self):
        while self.left > 0:
            try:
                self.act(0)
            except Left:
                self.deep = 0

    def allocate(self):
        self.left -= 1
        if self.rng.random() < .5:
            free(malloc(64))
            return 0
        size = next(sizes)
        free(malloc(size)); note(size)
        return 0

    def act(self, depth):
        for _ in range(self.rng.randrange(1, 4)):
            if self.left <= 0 or depth > 30:
                return 0
            self.rng.choice(ACTS)(self, depth + 1)
        if self.rng.random() < .05:
            raise Left
        return 0

def one(walk, depth):
    free(malloc(64))
    walk.act(depth)
    free(malloc(64))

def two(walk, depth):
    walk.act(depth)
    walk.allocate(); walk.act(depth)

def other(walk, depth):
    # As large as the one before, but another function.
    walk.act(depth)
    walk.act(depth); walk.allocate()

def inline(walk, depth):
    walk.left -= 1
    size = next(sizes)
    free(malloc(size)); note(size)
    size = next(sizes)
    if walk.rng.random() < .5:
        free(malloc(64))
    free(malloc(size)); note(size)

def recurse(walk, depth, n=None):
    if n is None:
        n = walk.rng.choice([5, 10, 20, 200])
        if walk.deep:
            n = 5
    walk.deep += 1
    if n == 3:
        walk.act(depth)
    if n:
        recurse(walk, depth, n - 1)
    if n % 50 < 2:
        walk.allocate()
    walk.deep -= 1

def deepest(walk, depth):
    if not walk.deep and walk.rng.random() < .02: # beyond what the tracer keeps of a stack
        recurse(walk, depth, 2300)

def raises(walk, depth):
    try:
        leaves(walk, depth, walk.rng.randrange(8))
    except Left:
        walk.allocate()
    finally:
        walk.allocate()

def leaves(walk, depth, n):
    if n:
        return leaves(walk, depth, n - 1)
    walk.act(depth)
    raise Left

def generate(walk, depth):
    try:
        for i in range(walk.rng.randrange(1, 6)):
            walk.allocate()
            yield i
            walk.act(depth)
    except Left:
        walk.allocate()
        yield 0
        walk.allocate()

def delegate(walk, depth):
    walk.allocate()
    yield from generate(walk, depth)
    walk.allocate()

def generator(walk, depth):
    """Its frame is resumed from wherever it is drawn again, and thrown into there."""
    if walk.generators and walk.rng.random() < .7:
        each = walk.generators.pop(walk.rng.randrange(len(walk.generators)))
        try:
            if walk.rng.random() < .2:
                each.throw(Left)
            else:
                next(each)
            walk.generators.append(each)
        except (StopIteration, Left):
            pass
        if walk.rng.random() < .1:
            each.close()
    else:
        make = walk.rng.choice([generate, delegate])
        walk.generators.append(make(walk, depth))
    if len(walk.generators) > 10:
        walk.generators.pop(0)

def exhausts(walk, depth):
    list(delegate(walk, depth))
    for i in generate(walk, depth):
        walk.allocate()

class Pause:
    def __await__(self):
        yield

async def leaf(walk, depth):
    walk.allocate()
    await Pause()
    walk.act(depth)

async def many(walk, depth):
    for i in range(2):
        walk.allocate()
        yield i
        await leaf(walk, depth)

async def trunk(walk, depth):
    await leaf(walk, depth)
    async for i in many(walk, depth):
        walk.allocate()
    walk.act(depth)

def coroutine(walk, depth):
    if walk.coroutines and walk.rng.random() < .8:
        each = walk.coroutines.pop(walk.rng.randrange(len(walk.coroutines)))
        try:
            each.send(None)
            walk.coroutines.append(each)
        except (StopIteration, Left):
            pass
    else:
        walk.coroutines.append(trunk(walk, depth))
    if len(walk.coroutines) > 10:
        walk.coroutines.pop(0).close()

def from_c(walk, depth):
    sorted(range(walk.rng.randrange(1, 5)), key=lambda x: walk.allocate())
    list(map(lambda x: walk.act(depth) or walk.allocate(), range(2)))
    functools.reduce(lambda a, b: walk.allocate(), range(3))

def twice_from_c(walk, depth):
    max([1, 2], key=lambda x: max([1, 2], key=lambda y: walk.act(depth)))
    walk.allocate()

class Thing:
    def __init__(self, walk, depth):
        self.walk, self.depth = walk, depth
        walk.allocate()
    def __getattr__(self, name):
        self.walk.allocate()
        self.walk.act(self.depth)
        return 0
    @property
    def value(self):
        self.walk.allocate()
        return 0
    def __enter__(self):
        self.walk.allocate()
    def __exit__(self, *args):
        self.walk.allocate()
    def __del__(self):
        free(malloc(64))
        size = next(sizes)
        free(malloc(size)); note(size)

def things(walk, depth):
    thing = Thing(walk, depth)
    thing.value; thing.nothing
    with thing:
        [walk.allocate() for _ in range(2)]
        {walk.allocate(): walk.act(depth)}
    del thing
    walk.allocate()

def executes(walk, depth):
    name = "made_%d" % walk.rng.randrange(5)
    exec("def %s(walk, depth):\n  walk.allocate()\n  walk.act(depth)\n%s(walk, depth)" % (name, name),
         {"walk": walk, "depth": depth})

def switches(walk, depth):
    for _ in range(walk.rng.randrange(1, 5)):
        free(malloc(64))
        walk.main.switch()
        walk.allocate()
    sorted([1, 2], key=lambda x: walk.main.switch() or walk.allocate())
    # Not act: the rest of what it draws would switch from anywhere, to one that is on.
    raises_alone(walk)

def raises_alone(walk):
    try:
        raise Left
    except Left:
        walk.allocate()

def greenlets(walk, depth):
    if greenlet is None or greenlet.getcurrent() is not walk.main:
        return walk.allocate()
    if walk.greenlets and walk.rng.random() < .8:
        each = walk.greenlets.pop(walk.rng.randrange(len(walk.greenlets)))
        each.switch()
        walk.allocate()
        if not each.dead and walk.rng.random() < .95: # else it is killed
            walk.greenlets.append(each)
    else:
        walk.greenlets.append(greenlet.greenlet(lambda: switches(walk, depth)))

ACTS = [one, two, other, inline, recurse, deepest, raises, generator, generator, exhausts, coroutine,
        coroutine, from_c, twice_from_c, things, executes, greenlets, greenlets]

def end(walk):
    for each in walk.coroutines:
        each.close()

def whole(number, steps):
    walk = Walk(number, steps)
    walk.run()
    end(walk)

def write(path):
    with open(path, "w") as file:
        json.dump(expected, file)

def in_threads():
    threads = [threading.Thread(target=whole, args=(i, 300)) for i in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    # Alone, to be deep.
    one = threading.Thread(target=whole, args=(9, 2000))
    one.start()
    one.join()

def in_child():
    child = os.fork()
    if not child:
        expected.clear()
        whole(11, 200)
        write(result + ".child")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

sys.unraisablehook = lambda what: None
if len(sys.argv) > 3:
    print("ready", flush=True)
    for i in itertools.count(20):
        whole(i, 100)
        if os.path.exists(sys.argv[3]):
            break
else:
    in_threads()
    whole(10, 300)
    in_child()
    whole(12, 300)
write(result)
