"""A repair of Aesara 2.9.4: states of loops with axes that only some of their variables know to be of length 1.

Theano leaves such axes open where they come from shared variables. Aesara takes them, and then refuses gradients and
copies of the loop.
"""

import functools
import itertools


def repair():
    """Let an axis be of a known length 1 in a state, and open in its next value, or vice versa."""
    from aesara.scan.op import Scan

    if hasattr(Scan.__init__, "__wrapped__"):
        return
    initialize, make_node = Scan.__init__, Scan.make_node

    @functools.wraps(initialize)
    def __init__(self, inputs, outputs, info, *arguments, **keywords):
        initialize(self, *_with_consistent_states(inputs, outputs, info), info, *arguments, **keywords)

    @functools.wraps(make_node)
    def make_node_as_open(self, number_of_steps, *inputs):
        within = [[each] for each in self.inner_inputs[: self.info.n_seqs]]
        within += [read for read, _ in _states(self.inner_inputs, self.inner_outputs, self.info)]
        opened = [_as_open(outer, inner[0]) for outer, inner in zip(inputs, within, strict=False)]
        return make_node(self, number_of_steps, *opened, *inputs[len(opened) :])

    Scan.__init__, Scan.make_node = __init__, make_node_as_open


def _states(inputs, outputs, info):
    """The inner inputs and outputs of each state of a loop."""
    inputs, outputs = iter(inputs[info.n_seqs :]), iter(outputs)
    taps = [*zip(info.mit_mot_in_slices, info.mit_mot_out_slices, strict=True)]
    taps += [(earlier, (0,)) for earlier in (*info.mit_sot_in_slices, *info.sit_sot_in_slices)]
    for read, written in taps:
        yield list(itertools.islice(inputs, len(read))), list(itertools.islice(outputs, len(written)))


def _as_open(outer, inner):
    """`outer`, the steps of `inner`, without a known length of 1 where `inner` has none."""
    from aesara.tensor.shape import unbroadcast

    before = outer.type.ndim - inner.type.ndim
    return unbroadcast(outer, *(before + axis for axis, flag in enumerate(inner.type.broadcastable) if not flag))


def _with_consistent_states(inputs, outputs, info):
    """A loop's inner graph with axes of states open that not all of their variables know to be of length 1."""
    from aesara.graph.basic import clone_replace
    from aesara.tensor.shape import unbroadcast

    for read, written in _states(inputs, outputs, info):
        flags = list(zip(*(variable.type.broadcastable for variable in (*read, *written)), strict=True))
        axes = [axis for axis, each in enumerate(flags) if any(each) and not all(each)]
        if axes:
            opened = {
                old: old.type.clone(shape=[None if a in axes else n for a, n in enumerate(old.type.shape)])(old.name)
                for old in read
            }
            inputs = [opened.get(variable, variable) for variable in inputs]
            outputs = [unbroadcast(each, *axes) if each in written else each for each in outputs]
            outputs = clone_replace(outputs, opened, rebuild_strict=False)
            return _with_consistent_states(inputs, outputs, info)  # other states may be less known now
    return inputs, outputs
