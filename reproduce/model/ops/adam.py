"""One Adam step over a weight tensor and, in the same pass over memory, its next binarization scale."""

import aesara.tensor as at
import numpy as np
from aesara.compile import optdb
from aesara.graph.basic import Apply
from aesara.graph.rewriting.basic import in2out, node_rewriter
from aesara.link.c.op import COp

BETA1, BETA2 = 0.9, 0.999
EPSILON = 1e-8


def decay_rates(variant="released"):
    """β₁, 1 − β₁, β₂ and 1 − β₂ as float32 has them.

    The released scripts subtract and then round; Lasagne 0.2.dev1, whose Adam the repositories of the baselines call,
    rounds and then subtracts, which leaves 1 − β₂ 1.3e-5 off, relatively.

    Parameters
    ----------
    variant : {"released", "repository"}
        ``method.variant``.

    Returns
    -------
    tuple of float
    """
    if variant == "repository":
        beta1, beta2, one = np.float32(BETA1), np.float32(BETA2), np.float32(1)
        return tuple(map(float, (beta1, one - beta1, beta2, one - beta2)))
    return tuple(float(np.float32(rate)) for rate in (BETA1, 1 - BETA1, BETA2, 1 - BETA2))


class AdamStep(COp):
    """A step of Adam on latent weights, clipped, with the scale α of the result.

    From weights w, moments m and v, gradient g (float32, all of one shape) and the scalar step size a::

        m' = β₁·m + (1−β₁)·g
        v' = β₂·v + (1−β₂)·g²
        d' = √v' + ε
        w' = clip(w − a·m'/d', −1, 1)        (clipped only where `clip`)
        α' = Σ d'·abs(w') / Σ d'             (`scale="curvature"`)
        α' = mean(abs(w'))                   (`scale="mean_abs"`)

    This is Algorithm 1, steps 3 to 5, where a carries η and the bias corrections (Lasagne's form of Adam, whose ε is
    not corrected), followed by Equation 8 for the next iteration. The second moment is kept once: it is both Adam's
    and the curvature. Sums are accumulated in float64 (by the JAX twin in float32), in blocks of fixed size, so that
    the result does not depend on the number of threads. A NaN in w stays one through the clip.

    Parameters
    ----------
    clip : bool
        Whether weights are clipped to ±1.
    scale : {None, "one", "mean_abs", "curvature"}
        Which α is returned after w', m' and v'; none for None and "one".
    variant : {"released", "repository"}
        How the moments' decay rates are rounded; see `decay_rates`.
    inplace : bool
        Whether w, m and v are overwritten; set by Aesara's rewriting.
    """

    __props__ = ("clip", "scale", "variant", "inplace")

    def __init__(self, clip, scale, variant="released", inplace=False):
        self.clip, self.scale, self.variant = clip, scale, variant
        self.inplace = inplace
        if inplace:
            self.destroy_map = {0: [0], 1: [1], 2: [2]}

    @property
    def has_alpha(self):
        return self.scale in ("mean_abs", "curvature")

    @property
    def constants(self):
        """The `decay_rates` and ε in float32."""
        return tuple(map(np.float32, (*decay_rates(self.variant), EPSILON)))

    def make_node(self, w, m, v, g, step_size):
        tensors = [at.as_tensor_variable(x) for x in (w, m, v, g)]
        step_size = at.as_tensor_variable(step_size)
        for x in (*tensors, step_size):
            if x.dtype != "float32":
                raise TypeError(f"AdamStep wants float32, got {x.dtype} for {x}")
        if len({x.ndim for x in tensors}) != 1 or step_size.ndim:
            raise TypeError("AdamStep wants w, m, v and g of one shape and a scalar step size")
        outputs = [x.type() for x in tensors[:3]]
        if self.has_alpha:
            outputs.append(at.fscalar())
        return Apply(self, [*tensors, step_size], outputs)

    def infer_shape(self, fgraph, node, shapes):
        return [shapes[0], shapes[1], shapes[2], ()][: len(node.outputs)]

    def perform(self, node, inputs, outputs):
        w, m, v, g, step_size = inputs
        if not w.shape == m.shape == v.shape == g.shape:
            raise ValueError("AdamStep: w, m, v and g differ in shape")
        beta1, rest1, beta2, rest2, epsilon = self.constants
        m = beta1 * m + rest1 * g
        v = beta2 * v + rest2 * (g * g)
        d = np.sqrt(v) + epsilon
        w = w - step_size * m / d
        if self.clip:
            w = np.clip(w, np.float32(-1), np.float32(1))
        outputs[0][0], outputs[1][0], outputs[2][0] = w, m, v
        if self.scale == "curvature":
            weighted = (d * abs(w)).sum(dtype="float64")
            outputs[3][0] = np.asarray(np.float32(weighted) / np.float32(d.sum(dtype="float64")))
        elif self.scale == "mean_abs":
            outputs[3][0] = np.asarray(np.float32(abs(w).sum(dtype="float64")) / np.float32(w.size))

    def c_headers(self, **kwargs):
        return ["<math.h>", "<stdlib.h>"]

    def c_compile_args(self, **kwargs):
        # Without -fno-trapping-math GCC leaves the clip's comparisons, and with them the whole loop, scalar.
        return ["-fopenmp", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]

    def c_code_cache_version(self):
        return (6,)

    def c_code(self, node, name, inputs, outputs, sub):
        w, m, v, g, step_size = inputs
        beta1, rest1, beta2, rest2, epsilon = (f"{float(x)!r}f" for x in self.constants)
        fail = sub["fail"]
        clip = "x = x < -1.0f ? -1.0f : (x > 1.0f ? 1.0f : x);" if self.clip else ""
        weight = {"curvature": "d", "mean_abs": "1.0f"}.get(self.scale)
        accumulate = f"weighted += (double)({weight} * fabsf(x)); total += {weight};" if weight else ""
        open_outputs = "\n".join(
            self._open(old, new, fail) for old, new in zip((w, m, v), outputs[:3], strict=True)
        )
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
                const float first = {beta1} * pm[i] + {rest1} * pg[i];
                const float second = {beta2} * pv[i] + {rest2} * (pg[i] * pg[i]);
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
        """C code that makes `new` a contiguous array holding the values of `old`, or `old` itself."""
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


optdb.register(
    "local_adam_step_inplace", in2out(local_adam_step_inplace), "fast_run", "inplace", position=75
)
