"""An operating system's scheduler in the style of Martin Richards' benchmark: devices,
handlers and a worker pass packets through queues; deep method calls on small objects."""

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
KIND_DEVICE, KIND_WORK = range(2)


class Packet:
    def __init__(self, link, ident, kind):
        self.link = link
        self.ident = ident
        self.kind = kind
        self.datum = 0
        self.data = [0] * 4

    def append_to(self, queue):
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class TaskState:
    def __init__(self):
        self.packet_pending = True
        self.task_waiting = False
        self.task_holding = False

    def is_held_or_waiting(self):
        return self.task_holding or (self.task_waiting and not self.packet_pending)

    def is_waiting_with_packet(self):
        return self.packet_pending and self.task_waiting and not self.task_holding

    def running(self):
        self.packet_pending = self.task_waiting = self.task_holding = False
        return self


class Scheduler:
    def __init__(self):
        self.tasks = []
        self.table = {}
        self.holds = 0
        self.queued = 0

    def add(self, task):
        self.tasks.insert(0, task)
        self.table[task.ident] = task

    def run(self, limit):
        steps = 0
        while steps < limit:
            progressed = False
            for task in list(self.tasks):
                if task.state.is_held_or_waiting():
                    continue
                task.step()
                progressed = True
                steps += 1
            if not progressed:
                break
        return steps


class Task:
    def __init__(self, scheduler, ident, queue):
        self.scheduler = scheduler
        self.ident = ident
        self.input = queue
        self.state = TaskState()
        self.state.packet_pending = queue is not None
        self.state.task_waiting = True
        scheduler.add(self)

    def step(self):
        packet = None
        if self.state.is_waiting_with_packet():
            packet = self.input
            self.input = packet.link
            self.state.running().packet_pending = self.input is not None
        self.work(packet)

    def work(self, packet):
        raise NotImplementedError

    def wait(self):
        self.state.task_waiting = True

    def hold(self):
        self.scheduler.holds += 1
        self.state.task_holding = True

    def release(self, ident):
        self.scheduler.table[ident].state.task_holding = False

    def send(self, ident, packet):
        task = self.scheduler.table[ident]
        self.scheduler.queued += 1
        packet.ident = self.ident
        task.input = packet.append_to(task.input)
        task.state.packet_pending = True


class Idle(Task):
    def __init__(self, scheduler, count):
        super().__init__(scheduler, IDLE, None)
        self.state.running()
        self.control = 1
        self.count = count

    def work(self, packet):
        self.count -= 1
        if self.count == 0:
            self.hold()
        elif self.control & 1 == 0:
            self.control //= 2
            self.release(DEVICE_A)
        else:
            self.control = (self.control // 2) ^ 0xD008
            self.release(DEVICE_B)


class Worker(Task):
    def __init__(self, scheduler, queue):
        super().__init__(scheduler, WORKER, queue)
        self.to = HANDLER_A

    def work(self, packet):
        if packet is None:
            return self.wait()
        self.to = HANDLER_B if self.to == HANDLER_A else HANDLER_A
        packet.datum = 0
        for i in range(4):
            packet.data[i] = (packet.data[i] + i) % 26
        self.send(self.to, packet)


class Handler(Task):
    def __init__(self, scheduler, ident, queue, device):
        super().__init__(scheduler, ident, queue)
        self.device = device
        self.work_in = None
        self.device_in = None

    def work(self, packet):
        if packet is not None:
            if packet.kind == KIND_WORK:
                self.work_in = packet.append_to(self.work_in)
            else:
                self.device_in = packet.append_to(self.device_in)
        if self.work_in is None:
            return self.wait()
        work = self.work_in
        if work.datum >= 4:
            self.work_in = work.link
            return self.send(WORKER, work)
        if self.device_in is None:
            return self.wait()
        device, self.device_in = self.device_in, self.device_in.link
        device.datum = work.data[work.datum]
        work.datum += 1
        self.send(self.device, device)


class Device(Task):
    def __init__(self, scheduler, ident):
        super().__init__(scheduler, ident, None)
        self.pending = None

    def work(self, packet):
        if packet is not None:
            self.pending = packet
            self.hold()
        elif self.pending is None:
            self.wait()
        else:
            done, self.pending = self.pending, None
            self.send(done.ident, done)


def packets(ident, kind, count):
    queue = None
    for _ in range(count):
        queue = Packet(queue, ident, kind)
    return queue


def main():
    scheduler = Scheduler()
    Idle(scheduler, 1200)
    Worker(scheduler, packets(WORKER, KIND_WORK, 2))
    Handler(scheduler, HANDLER_A, packets(DEVICE_A, KIND_DEVICE, 3), DEVICE_A)
    Handler(scheduler, HANDLER_B, packets(DEVICE_B, KIND_DEVICE, 3), DEVICE_B)
    Device(scheduler, DEVICE_A)
    Device(scheduler, DEVICE_B)
    steps = scheduler.run(6000)
    assert steps > 1200 and scheduler.queued > 500, (steps, scheduler.queued)
