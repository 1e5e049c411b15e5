"""Shared variables of a graph: those that it reads, and those that it updates."""

from aesara.compile.sharedvalue import SharedVariable
from aesara.graph.basic import graph_inputs


def shared_inputs(outputs, updates):
    """The shared variables that `outputs` and `updates` read or write, in a fixed order, each once."""
    found = dict.fromkeys(variable for variable, _ in updates)
    for variable in graph_inputs([*outputs, *(value for _, value in updates)]):
        if isinstance(variable, SharedVariable):
            found[variable] = None
    return list(found)


class NamedVariables:
    """The updated shared variables by name. Names must be unique, because checkpoints use them."""

    def __init__(self):
        self.by_name = {}

    def add(self, variables):
        for variable in variables:
            if self.by_name.setdefault(variable.name, variable) is not variable:
                raise ValueError(f"two shared variables are named '{variable.name}'")

    def select(self, names=None):
        """The variables in `names`, or all of them, by name."""
        return self.by_name if names is None else {name: self.by_name[name] for name in names}

    def check(self, names):
        """Raise KeyError unless `names` are exactly those of our variables."""
        difference = set(names) ^ set(self.by_name)
        if difference:
            raise KeyError(f"state does not fit the graph: {', '.join(sorted(difference))}")
