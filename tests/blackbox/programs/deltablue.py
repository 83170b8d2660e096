"""One-way constraints solved incrementally, in the style of the DeltaBlue benchmark: class
hierarchies, overridden methods, properties, closures and sorting with Python keys."""
import functools


@functools.total_ordering
class Strength:
    def __init__(self, value, name):
        self.value = value
        self.name = name

    def __eq__(self, other):
        return self.value == other.value

    def __lt__(self, other):
        return self.value > other.value  # a smaller number is stronger

    def __hash__(self):
        return hash(self.value)


REQUIRED = Strength(0, "required")
STRONG = Strength(1, "strong")
MEDIUM = Strength(2, "medium")
WEAK = Strength(3, "weak")
FREE = Strength(4, "free")


class Variable:
    def __init__(self, name, value=0):
        self.name = name
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.walk_strength = FREE
        self.stay = True
        self.mark = 0


class Constraint:
    def __init__(self, strength):
        self.strength = strength

    @property
    def is_satisfied(self):
        return self.output is not None and self.output.determined_by is self

    @property
    def output(self):
        raise NotImplementedError

    def inputs(self):
        return ()

    def attach(self, planner):
        for variable in self.variables():
            variable.constraints.append(self)
        planner.incremental_add(self)

    def detach(self, planner):
        if self.is_satisfied:
            planner.incremental_remove(self)
        for variable in self.variables():
            variable.constraints.remove(self)

    def satisfy(self, mark):
        self.choose(mark)
        if self.output is None:
            if self.strength == REQUIRED:
                raise ValueError("a required constraint cannot be satisfied")
            return None
        for variable in self.inputs():
            variable.mark = mark
        overridden = self.output.determined_by
        if overridden is not None:
            overridden.unsatisfy()
        self.output.determined_by = self
        self.output.mark = mark
        self.recalculate()
        return overridden

    def recalculate(self):
        out = self.output
        out.walk_strength = max([self.strength] + [v.walk_strength for v in self.inputs()])
        out.stay = all(v.stay for v in self.inputs())
        self.execute()

    def unsatisfy(self):
        if self.output is not None:
            self.output.determined_by = None


class Stay(Constraint):
    def __init__(self, variable, strength):
        super().__init__(strength)
        self.variable = variable
        self.chosen = False

    @property
    def output(self):
        return self.variable if self.chosen else None

    def variables(self):
        return (self.variable,)

    def choose(self, mark):
        self.chosen = self.variable.mark != mark and self.strength > self.variable.walk_strength

    def execute(self):
        pass


class Edit(Stay):
    def __init__(self, variable, strength, value):
        super().__init__(variable, strength)
        self.value = value

    def execute(self):
        self.variable.value = self.value


class Scale(Constraint):
    """second = first * factor + offset, in either direction."""

    def __init__(self, first, factor, offset, second, strength=REQUIRED):
        super().__init__(strength)
        self.first, self.second = first, second
        self.factor, self.offset = factor, offset
        self.forward = None

    @property
    def output(self):
        if self.forward is None:
            return None
        return self.second if self.forward else self.first

    def variables(self):
        return (self.first, self.second)

    def inputs(self):
        return (self.first,) if self.forward else (self.second,)

    def choose(self, mark):
        first, second = self.first, self.second
        if first.mark == mark:
            fits = second.mark != mark and self.strength > second.walk_strength
            self.forward = True if fits else None
        elif second.mark == mark:
            self.forward = False if self.strength > first.walk_strength else None
        elif first.walk_strength < second.walk_strength:
            self.forward = False if self.strength > first.walk_strength else None
        else:
            self.forward = True if self.strength > second.walk_strength else None

    def execute(self):
        if self.forward:
            self.second.value = self.first.value * self.factor + self.offset
        else:
            self.first.value = (self.second.value - self.offset) // self.factor


class Planner:
    def __init__(self):
        self.mark = 0

    def new_mark(self):
        self.mark += 1
        return self.mark

    def incremental_add(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(mark)
        while overridden is not None:
            overridden = overridden.satisfy(mark)
        self.propagate(constraint)

    def incremental_remove(self, constraint):
        out = constraint.output
        constraint.unsatisfy()
        out.walk_strength = FREE
        out.stay = True
        loose = [c for c in out.constraints if c is not constraint and not c.is_satisfied]
        for each in sorted(loose, key=lambda c: c.strength, reverse=True):
            self.incremental_add(each)

    def propagate(self, constraint):
        todo, seen = [constraint], set()
        while todo:
            each = todo.pop()
            if id(each) in seen or not each.is_satisfied:
                continue
            seen.add(id(each))
            each.recalculate()
            todo.extend(c for c in each.output.constraints if c is not each)


def chain(length):
    planner = Planner()
    variables = [Variable("v%d" % i) for i in range(length)]
    for left, right in zip(variables, variables[1:]):
        Scale(left, 1, 0, right).attach(planner)
    Stay(variables[-1], WEAK).attach(planner)
    for value in (7, 11):
        edit = Edit(variables[0], STRONG, value)
        edit.attach(planner)
        assert variables[-1].value == value
        edit.detach(planner)


def projection(count):
    planner = Planner()
    pairs = []
    for i in range(count):
        source, target = Variable("s%d" % i, i), Variable("t%d" % i)
        Stay(source, MEDIUM).attach(planner)
        Scale(source, 10, 1000, target).attach(planner)
        pairs.append((source, target))
    for source, target in pairs:
        assert target.value == source.value * 10 + 1000


def main():
    chain(30)
    projection(60)
