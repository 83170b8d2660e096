"""Realistic code: a recursive-descent JSON parser, a small event simulation, n bodies.

Pure Python, calls of 50 to 500 ns of work each, some C calls, objects that come and go.
"""
import heapq

TEXT = '[%s]' % ','.join('{"id":%d,"name":"item %d","tags":["a","b",%d],"x":%d.5}' % (i, i, i % 7, i)
                         for i in range(400))


class Parser:
    def __init__(self, text):
        self.text, self.at = text, 0

    def value(self):
        c = self.text[self.at]
        if c == '{':
            return self.object()
        if c == '[':
            return self.array()
        if c == '"':
            return self.string()
        return self.number()

    def object(self):
        result = {}
        self.at += 1
        while self.text[self.at] != '}':
            key = self.string()
            self.at += 1
            result[key] = self.value()
            if self.text[self.at] == ',':
                self.at += 1
        self.at += 1
        return result

    def array(self):
        result = []
        self.at += 1
        while self.text[self.at] != ']':
            result.append(self.value())
            if self.text[self.at] == ',':
                self.at += 1
        self.at += 1
        return result

    def string(self):
        end = self.text.index('"', self.at + 1)
        result = self.text[self.at + 1:end]
        self.at = end + 1
        return result

    def number(self):
        start = self.at
        while self.text[self.at] in '0123456789.':
            self.at += 1
        return float(self.text[start:self.at])


class Simulation:
    def __init__(self):
        self.queue, self.now, self.done, self.seed = [], 0, 0, 7

    def random(self, n):
        self.seed = (self.seed * 1103515245 + 12345) % 2147483648
        return self.seed % n

    def schedule(self, delay, kind):
        heapq.heappush(self.queue, (self.now + delay, len(self.queue), kind))

    def arrive(self):
        self.schedule(self.random(50), 'arrive')
        self.schedule(self.random(90), 'leave')

    def leave(self):
        self.done += 1

    def run(self, steps):
        self.schedule(0, 'arrive')
        for _ in range(steps):
            self.now, _, kind = heapq.heappop(self.queue)
            getattr(self, kind)()


def energy(bodies):
    total = 0.0
    for i, (x, y, vx, vy, m) in enumerate(bodies):
        total += m * (vx * vx + vy * vy) / 2
        for x2, y2, _, _, m2 in bodies[i + 1:]:
            total -= m * m2 / ((x - x2) ** 2 + (y - y2) ** 2) ** 0.5
    return total


def step(bodies, dt):
    for a in bodies:
        for b in bodies:
            if a is not b:
                dx, dy = a[0] - b[0], a[1] - b[1]
                f = b[4] * dt / (dx * dx + dy * dy) ** 1.5
                a[2] -= dx * f
                a[3] -= dy * f
    for a in bodies:
        a[0] += a[2] * dt
        a[1] += a[3] * dt


for _ in range(12):
    assert len(Parser(TEXT).value()) == 400
Simulation().run(30000)
bodies = [[i * 1.0, i * i * 0.5, 0.1, 0.2, 1.0 + i] for i in range(5)]
for _ in range(2500):
    step(bodies, 0.001)
    energy(bodies)
