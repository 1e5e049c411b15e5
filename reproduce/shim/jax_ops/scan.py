"""Scan, forward and its gradients.

Aesara's Scan keeps every output in a buffer that the graph allocates, reads it at taps relative to the
current step and writes the new value back; `scan_save_mem` may shorten a buffer so far that it is used
round and round. XLA is at its best where a loop carries only what the next step needs, reads sequences
slice by slice and stacks what leaves the loop, which is `jax.lax.scan`. So each recurrent output becomes a
sliding window over its buffer, a tuple of slices that covers its taps: a step reads taps out of the window,
and then the window moves on by one. The slice that falls off is final and goes to the stack; the one that
enters is, for an output with several input taps (mit-sot, sit-sot), the step's new value, and for a
gradient (mit-mot, which reads AND adds to several places) the buffer's next initial slice, taken as a
sequence. What Aesara would find in its buffer afterwards is put together from window and stack, shortened
buffers included. Nothing is read and written at traced positions, so no buffer is ever copied inside the
loop. The graph of one step goes through the same rewriting as the graph around it.

A loop whose sequences are all reversed (``go_backwards``) runs from their ends instead: turned twice, they and
what is stacked stay as they lie, and XLA copies neither.

Excluded: while-loops (`until`), since the length of their result depends on values; a number of steps that
is not known when JAX traces; gradients whose buffer is shorter than their loop (Aesara makes none).
"""

import jax
import jax.numpy as jnp
from aesara.graph.fg import FunctionGraph
from aesara.link.jax.dispatch import jax_funcify
from aesara.scan.op import Scan
from aesara.tensor.subtensor import Subtensor, get_idx_list

from reproduce.shim.jax_mode import mode
from reproduce.shim.jax_ops import tracing
from reproduce.shim.jax_ops.dtypes import device_dtype
from reproduce.shim.jax_ops.errors import unsupported
from reproduce.shim.jax_ops.static import static_ints


@jax_funcify.register(Scan)
def jax_funcify_Scan(op, node=None, **kwargs):
    info = op.info
    if info.as_while:
        raise unsupported(
            op,
            node,
            "it is a while-loop (until), and the length of its result would depend on values",
            "run a fixed number of steps and mask with switch",
        )
    graph = FunctionGraph(op.inner_inputs, op.inner_outputs, clone=True)
    mode().optimizer.rewrite(graph)
    one_step = jax_funcify(graph)
    dtypes = [device_dtype(v.type.dtype) for v in op.inner_outputs]
    turned = [_is_reversed(sequence) for sequence in op.outer_seqs(node.inputs)] if node else []
    backwards = bool(turned) and all(turned) and not info.mit_mot_in_slices

    def scan(n_steps, *outer):
        (n,) = static_ints((n_steps,), op, node, "numbers of steps")
        take = iter(outer).__next__
        sequences = [jnp.asarray(take())[:n] for _ in range(info.n_seqs)]
        if n == 0:
            return _nothing_done(op, one_step, sequences, outer)
        windows = [
            *(
                _Gradient(take(), reads, writes, n, op, node)
                for reads, writes in zip(info.mit_mot_in_slices, info.mit_mot_out_slices, strict=True)
            ),
            *(_State(take(), taps, n) for taps in info.mit_sot_in_slices + info.sit_sot_in_slices),
        ]
        shared = [take() for _ in range(info.n_shared_outs)]
        lengths = static_ints([take() for _ in range(info.n_nit_sot)], op, node, "lengths of outputs")
        constant = list(outer[-info.n_non_seqs :]) if info.n_non_seqs else []

        def body(carry, slices):
            slides, shared = carry
            read, entering = slices
            taps = [v for window, slide in zip(windows, slides, strict=True) for v in window.read(slide)]
            results = one_step(*read, *taps, *shared, *constant)
            results = iter([jnp.asarray(v, dtype) for v, dtype in zip(results, dtypes, strict=True)])
            moved, leaving = [], []
            for window, slide, new in zip(windows, slides, entering, strict=True):
                slide, last = window.move(slide, new, [next(results) for _ in range(window.n_results)])
                moved.append(slide)
                leaving.append(last)
            rows = [next(results) for _ in lengths]
            return (moved, list(results)), (leaving, rows)

        start = ([w.start for w in windows], [jnp.asarray(value) for value in shared])
        xs = _flipped((sequences, [w.sequence for w in windows]), backwards)
        with tracing.loop():
            (slides, shared), leaving = jax.lax.scan(body, start, xs, length=n, reverse=backwards)
        left, rows = _flipped(leaving, backwards)
        outputs = [w.buffer(slide, stack) for w, slide, stack in zip(windows, slides, left, strict=True)]
        outputs += [_fit(stack, length) for stack, length in zip(rows, lengths, strict=True)]
        outputs += shared
        return outputs[0] if len(outputs) == 1 else outputs

    return scan


def _is_reversed(sequence):
    """Whether `sequence` is ``x[::-1]`` of some x."""
    if not (sequence.owner and isinstance(sequence.owner.op, Subtensor)):
        return False
    first = get_idx_list(sequence.owner.inputs, sequence.owner.op.idx_list)[0]
    return isinstance(first, slice) and getattr(first.step, "data", first.step) == -1


def _flipped(tree, backwards):
    return jax.tree.map(lambda x: jnp.flip(x, 0), tree) if backwards else tree


def _nothing_done(op, one_step, sequences, outer):
    """What no steps leave: the buffers as they are, and stacks without rows, each of the shape that it would have."""
    info = op.info
    kept = list(outer[info.n_seqs :])
    n_buffers = len(info.tap_array)
    taps = [_row_of(buffer) for buffer, taps in zip(kept, info.tap_array, strict=False) for _ in taps]
    shared = kept[n_buffers : n_buffers + info.n_shared_outs]
    constant = kept[len(kept) - info.n_non_seqs :]
    with tracing.loop():
        results = jax.eval_shape(lambda *values: one_step(*values), *map(_row_of, sequences), *taps, *shared, *constant)
    rows = results[sum(map(len, info.mit_mot_out_slices)) + n_buffers - info.n_mit_mot :][: info.n_nit_sot]
    empty = [jnp.zeros((0, *row.shape), row.dtype) for row in rows]
    outputs = kept[:n_buffers] + empty + shared
    return outputs[0] if len(outputs) == 1 else outputs


def _row_of(stack):
    return jax.ShapeDtypeStruct(stack.shape[1:], stack.dtype)


def _fit(stack, length):
    """The last `length` rows of `stack`, or all of them and zeros."""
    missing = length - stack.shape[0]
    if missing <= 0:
        return stack[-missing:]
    return jnp.concatenate([stack, jnp.zeros((missing, *stack.shape[1:]), stack.dtype)])


class _State:
    """A recurrent output (mit-sot, sit-sot): reads its past values, writes one new value a step.

    The window holds the past that taps reach; where only the last rows are asked for, it is widened to hold
    them, and nothing is stacked.
    """

    n_results = 1
    sequence = None

    def __init__(self, buffer, taps, n):
        buffer = jnp.asarray(buffer)
        self._initial = buffer
        self._rows = buffer.shape[0]
        self._past = -min(taps)
        self._taps = taps
        shortened = self._rows < self._past + n
        self._stacked = not shortened or self._rows > self._past + 2
        self._width = self._past if self._stacked else max(self._past, self._rows)
        # Rows that no tap can reach yet are never read; they only give the window its width.
        rows = [buffer[max(i - self._width + self._past, 0)] for i in range(self._width)]
        self.start = tuple(rows)

    def read(self, slide):
        return [slide[tap] for tap in self._taps]

    def move(self, slide, entering, results):
        (new,) = results
        return (*slide[1:], new), new if self._stacked else None

    def buffer(self, slide, stack):
        if not self._stacked:
            return jnp.stack(slide[-self._rows :])
        return _fit(jnp.concatenate([self._initial[: self._past], stack]), self._rows)


class _Gradient:
    """A gradient's buffer (mit-mot): at each step taps of it are read, and some places overwritten."""

    def __init__(self, buffer, reads, writes, n, op, node):
        buffer = jnp.asarray(buffer)
        first, last = min(reads), max(*reads, *writes)
        self._width = last - first + 1
        self._reads = [tap - first for tap in reads]
        self._writes = [tap - first for tap in writes]
        if min(self._writes) < 0 or buffer.shape[0] < n + self._width - 1:
            raise unsupported(
                op, node, "a gradient's buffer is shorter than its loop", "exclude the rewrite scan_save_mem"
            )
        self._initial, self._n = buffer, n
        self.n_results = len(writes)
        self.start = tuple(buffer[i] for i in range(self._width))
        # The row that enters after the last step is never read, and may lie past the buffer's end.
        entering = buffer[self._width : self._width + n]
        self.sequence = entering if len(entering) == n else jnp.concatenate([entering, buffer[-1:]])

    def read(self, slide):
        return [slide[i] for i in self._reads]

    def move(self, slide, entering, results):
        slide = list(slide)
        for i, value in zip(self._writes, results, strict=True):
            slide[i] = value
        return (*slide[1:], entering), slide[0]

    def buffer(self, slide, stack):
        rest = self._initial[self._n + self._width - 1 :]
        return jnp.concatenate([stack, *(row[None] for row in slide[:-1]), rest])
