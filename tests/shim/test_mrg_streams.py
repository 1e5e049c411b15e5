"""`MRG_RandomStreams` draws what Theano 0.9's drew, bit for bit but for the last digits of normal numbers."""

import aesara
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams

# Printed by Theano 0.9.0 under Python 2.7.18: two calls of a function of these draws, in float32.
UNIFORM = [
    [[0.08075200766324997, 0.9267639517784119, 0.8597198128700256],
     [0.25074446201324463, 0.8466410636901855, 0.47915154695510864]],
    [[0.0803399458527565, 0.34734228253364563, 0.1804465502500534],
     [0.44165539741516113, 0.028106989338994026, 0.3582339584827423]],
]  # fmt: skip
NORMAL = [
    [[0.6248049736022949, 1.0684382915496826], [1.0825104713439941, 0.6892080903053284]],
    [[-0.45944544672966003, -0.991519570350647], [-0.8279749155044556, -0.8685813546180725]],
]
BINOMIAL = [[0, 0, 1, 1, 0, 0], [1, 0, 1, 0, 0, 0]]
MULTINOMIAL = [[[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]], [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]]]
BETWEEN = [
    [0.06651926040649414, 1.4470486640930176, -0.8845213055610657],
    [0.9980288147926331, 0.4449120759963989, 0.6640744805335999],
]
OF_EACH = [[0, 0, 0, 0], [0, 0, 1, 1]]
# And in float64, of the first draw.
UNIFORM64 = [
    [[0.08075201511383057, 0.9267640095204115, 0.8597198463976383],
     [0.2507445006631315, 0.8466411442495883, 0.4791515697725117]],
    [[0.08033995237201452, 0.34734230581671, 0.18044656235724688],
     [0.4416554169729352, 0.028106990735977888, 0.35823399759829044]],
]  # fmt: skip


@pytest.mark.parametrize("dtype", [pytest.param("float32", marks=pytest.mark.compiler), "float64"])
def test_draws_are_theanos(dtype):
    # In float32 the Op's Python rounds otherwise than its C code.
    with aesara.config.change_flags(floatX=dtype, cxx=aesara.config.cxx if dtype == "float32" else ""):
        streams = MRG_RandomStreams(42)
        draws = [
            streams.uniform((2, 3)),
            streams.normal((2, 2)),
            streams.binomial((6,), p=0.3),
            streams.multinomial(pvals=T.constant(np.full((3, 4), 0.25, dtype))),
            streams.uniform((3,), low=-1, high=2),
            streams.binomial((4,), n=1, p=T.constant(np.array([0.1, 0.5, 0.9, 0.5], dtype)), dtype=dtype),
        ]
        function = theano.function([], draws, mode=aesara.compile.Mode(linker="vm", optimizer="fast_compile"))
        for call in range(2):
            uniform, normal, binomial, multinomial, between, of_each = function()
            assert uniform.dtype == dtype and of_each.dtype == dtype
            assert uniform.tolist() == (UNIFORM if dtype == "float32" else UNIFORM64)[call]
            np.testing.assert_allclose(normal, NORMAL[call], rtol=2e-6)
            assert (binomial == BINOMIAL[call]).all() and (multinomial == MULTINOMIAL[call]).all()
            np.testing.assert_allclose(between, BETWEEN[call], rtol=2e-6)
            assert (of_each == OF_EACH[call]).all()
