"""One Adam step over a weight tensor and, in the same pass over memory, its next binarization scale."""

import aesara.tensor as at
import numpy as np
from aesara.compile import optdb
from aesara.graph.basic import Apply
from aesara.graph.rewriting.basic import in2out, node_rewriter
from aesara.link.c.op import COp

from reproduce import formulas

C_WEIGHTS = {"mean_abs": "1.0f", "curvature": "d"}
"""The scales that a step can return. Each is a weighted mean of abs(w); the values are its weights in C."""


class AdamStep(COp):
    """A step of Adam on latent weights, clipped, with the scale α of the result.

    The inputs are weights w, moments m and v, the gradient g (float32, all of one shape) and the scalar step size a.
    The outputs are w', m' and v' of `reproduce.formulas.adam_step` (Algorithm 1, steps 3 to 5), with w' clipped to ±1
    if `clip`, and the α of w' and v' for the next iteration. One second moment serves both Adam and the curvature.
    Sums accumulate in float64 (on JAX in float32), in blocks of fixed size, so the result does not depend on the number
    of threads. A NaN in w remains NaN when it is clipped.

    Parameters
    ----------
    clip : bool
        Whether weights are clipped to ±1.
    scale : {None, "one", "mean_abs", "curvature"}
        The α that is returned after w', m' and v' if it is one of `C_WEIGHTS`; otherwise none is.
    decay_rates : tuple of numpy.float32
        β₁, 1 − β₁, β₂ and 1 − β₂; see `reproduce.model.recipe`.
    inplace : bool
        Whether w, m and v are overwritten; set by Aesara's rewriting.

    Examples
    --------
    >>> from aesara import function
    >>> from reproduce.model.recipe import RELEASED
    >>> tensors, size = [at.fmatrix() for _ in "wmvg"], at.fscalar()
    >>> outputs = AdamStep(clip=True, scale="curvature", decay_rates=RELEASED.decay_rates)(*tensors, size)
    >>> step = function([*tensors, size], outputs, mode="FAST_COMPILE")
    >>> w, m, v, alpha = step(*np.ones((4, 2, 3), np.float32), 0.01)
    >>> w.shape, m.shape, v.shape, alpha.shape
    ((2, 3), (2, 3), (2, 3), ())
    """

    __props__ = ("clip", "scale", "decay_rates", "inplace")

    def __init__(self, clip, scale, decay_rates, inplace=False):
        self.clip, self.scale, self.decay_rates = clip, scale, decay_rates
        self.inplace = inplace
        if inplace:
            self.destroy_map = {0: [0], 1: [1], 2: [2]}

    @property
    def has_alpha(self):
        """Whether α comes after w', m' and v'."""
        return self.scale in C_WEIGHTS

    def make_node(self, w, m, v, g, step_size):
        tensors = [at.as_tensor_variable(x) for x in (w, m, v, g)]
        step_size = at.as_tensor_variable(step_size)
        for x in (*tensors, step_size):
            if x.dtype != "float32":
                raise TypeError(f"AdamStep needs float32, got {x.dtype} for {x}")
        if len({x.ndim for x in tensors}) != 1 or step_size.ndim:
            raise TypeError("AdamStep needs w, m, v and g of one shape and a scalar step size")
        outputs = [x.type() for x in tensors[:3]]
        if self.has_alpha:
            outputs.append(at.fscalar())
        return Apply(self, [*tensors, step_size], outputs)

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0], shapes[1], shapes[2], ()][: len(node.outputs)]

    def perform(self, node, inputs, outputs):
        w, m, v, g, _ = inputs
        if not w.shape == m.shape == v.shape == g.shape:
            raise ValueError("AdamStep: w, m, v and g differ in shape")
        for output, value in zip(outputs, self.step(formulas.NUMPY, *inputs), strict=True):
            output[0] = np.asarray(value)

    def step(self, xp, w, m, v, g, step_size):
        """The outputs, computed by the namespace `xp` from its arrays."""
        w, m, v = formulas.adam_step(xp, w, m, v, g, step_size, self.decay_rates)
        if self.clip:
            w = xp.clip(w, np.float32(-1), np.float32(1))
        return [w, m, v, formulas.SCALES[self.scale](xp, w, v)] if self.has_alpha else [w, m, v]

    def c_headers(self, **kwargs):
        return ["<math.h>", "<stdlib.h>"]

    def c_compile_args(self, **kwargs):
        # Without -fno-trapping-math GCC leaves the clip's comparisons, and with them the whole loop, scalar.
        return ["-fopenmp", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]

    def c_code_cache_version(self):
        return (7,)

    def c_code(self, node, name, inputs, outputs, sub):
        w, m, v, g, step_size = inputs
        beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon = (
            f"{float(x)!r}f" for x in (*self.decay_rates, formulas.EPSILON)
        )
        fail = sub["fail"]
        clip = "x = x < -1.0f ? -1.0f : (x > 1.0f ? 1.0f : x);" if self.clip else ""
        weight = C_WEIGHTS.get(self.scale)
        accumulate = f"weighted += (double)({weight} * fabsf(x)); total += {weight};" if weight else ""
        open_outputs = "\n".join(self._open(old, new, fail) for old, new in zip((w, m, v), outputs[:3], strict=True))
        alpha = self._write_alpha(outputs[3], fail) if self.has_alpha else ""
        return f"""
        {{
        const npy_intp size = PyArray_SIZE({w});
        if (!PyArray_SAMESHAPE({w}, {m}) || !PyArray_SAMESHAPE({w}, {v}) || !PyArray_SAMESHAPE({w}, {g})) {{
            PyErr_SetString(PyExc_ValueError, "AdamStep: w, m, v and g differ in shape");
            {fail}
        }}
        {open_outputs}
        PyArrayObject* gradient = PyArray_GETCONTIGUOUS({g});
        const npy_intp block = 16384, blocks = (size + block - 1) / block;
        double* sums = (double*)calloc(2 * blocks + 2, sizeof(double));
        if (!gradient || !sums) {{
            Py_XDECREF(gradient); free(sums);
            if (!PyErr_Occurred()) PyErr_NoMemory();
            {fail}
        }}
        float* __restrict__ pw = (float*)PyArray_DATA({outputs[0]});
        float* __restrict__ pm = (float*)PyArray_DATA({outputs[1]});
        float* __restrict__ pv = (float*)PyArray_DATA({outputs[2]});
        const float* __restrict__ pg = (const float*)PyArray_DATA(gradient);
        const float a = *(dtype_{step_size}*)PyArray_DATA({step_size});
        #pragma omp parallel for schedule(static) if (blocks > 3)
        for (npy_intp k = 0; k < blocks; k++) {{
            const npy_intp stop = (k + 1) * block < size ? (k + 1) * block : size;
            double weighted = 0.0, total = 0.0;
            #pragma omp simd reduction(+:weighted, total)
            for (npy_intp i = k * block; i < stop; i++) {{
                const float first = {beta1} * pm[i] + {one_minus_beta1} * pg[i];
                const float second = {beta2} * pv[i] + {one_minus_beta2} * (pg[i] * pg[i]);
                const float d = sqrtf(second) + {epsilon};
                float x = pw[i] - a * first / d;
                {clip}
                pw[i] = x; pm[i] = first; pv[i] = second;
                {accumulate}
            }}
            sums[2 * k] = weighted; sums[2 * k + 1] = total;
        }}
        Py_DECREF(gradient);
        double weighted = 0.0, total = 0.0;
        for (npy_intp k = 0; k < blocks; k++) {{ weighted += sums[2 * k]; total += sums[2 * k + 1]; }}
        free(sums);
        {alpha}
        }}
        """

    def _open(self, old, new, fail):
        """C code that makes `new` a contiguous copy of `old`, or `old` itself."""
        reuse = f"PyArray_IS_C_CONTIGUOUS({old})" if self.inplace else "0"
        return f"""
        if ({reuse}) {{
            Py_INCREF({old}); Py_XDECREF({new}); {new} = {old};
        }} else {{
            PyArrayObject* copy = (PyArrayObject*)PyArray_NewCopy({old}, NPY_CORDER);
            if (!copy) {{ {fail} }}
            Py_XDECREF({new}); {new} = copy;
        }}"""

    def _write_alpha(self, alpha, fail):
        return f"""
        if (!{alpha} || PyArray_NDIM({alpha}) != 0) {{
            Py_XDECREF({alpha});
            {alpha} = (PyArrayObject*)PyArray_SimpleNew(0, NULL, NPY_FLOAT32);
            if (!{alpha}) {{ {fail} }}
        }}
        *(float*)PyArray_DATA({alpha}) = (float)weighted / (float)total;"""


@node_rewriter([AdamStep], inplace=True)
def local_adam_step_inplace(fgraph, node):
    """Let the step overwrite w, m and v."""
    if node.op.inplace:
        return None
    fields = {name: getattr(node.op, name) for name in AdamStep.__props__}
    return AdamStep(**(fields | {"inplace": True}))(*node.inputs, return_list=True)


optdb.register("local_adam_step_inplace", in2out(local_adam_step_inplace), "fast_run", "inplace", position=75)
