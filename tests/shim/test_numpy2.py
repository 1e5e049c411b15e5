"""What Aesara needs of NumPy 1 and of setuptools is there, in both environments, and nothing else is touched."""

import aesara
import aesara.tensor as at
import numpy as np
import pytest
from aesara.compile.mode import Mode
from scipy.signal import correlate2d

from reproduce.shim import numpy2

NAMES = {"AxisError", "ComplexWarning", "cast", "obj2sctype", "sctype2char"}
PYTHON = Mode("py", None)

HIDE = """
import sys
from importlib.machinery import PathFinder

class Others(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in ("setuptools", "pkg_resources"):
            return super().find_spec(name, path, target)

sys.meta_path[:] = [finder for finder in sys.meta_path if "istutils" not in type(finder).__name__]
sys.meta_path[sys.meta_path.index(PathFinder)] = Others
"""


def test_only_missing_names_are_supplied(python):
    code = """
import numpy as np
before = set(vars(np))
import reproduce, theano
from types import ModuleType
print(*sorted(name for name in set(vars(np)) - before if not isinstance(getattr(np, name), ModuleType)))
"""
    assert set(python(code).stdout.split()) == (NAMES if numpy2.is_used() else set())


@pytest.mark.parametrize("obj2sctype", [numpy2.obj2sctype, np.obj2sctype])
def test_obj2sctype(obj2sctype):
    assert obj2sctype("float32") is obj2sctype(np.dtype("float32")) is obj2sctype(np.float32) is np.float32
    assert obj2sctype("float33") is obj2sctype(3) is None
    assert obj2sctype("no dtype", default=7) == 7


@pytest.mark.parametrize("sctype2char", [numpy2.sctype2char, np.sctype2char])
def test_sctype2char(sctype2char):
    assert [sctype2char(name) for name in ("float32", "float64", "int8", "bool")] == list("fdb?")


@pytest.mark.parametrize("cast", [numpy2.Cast(), np.cast])
def test_cast(cast):
    result = cast["float32"]([1, 2])
    assert result.dtype == np.float32 and result.tolist() == [1, 2]
    assert cast[np.int8](1.5) == 1


def test_gradients_of_scalar_functions():
    x = at.fvector()
    value = np.float32([-0.5, 0, 0.25])
    gradient = aesara.function([x], aesara.grad(at.arccos(x).sum(), x), mode=PYTHON)(value)
    np.testing.assert_allclose(gradient, -1 / np.sqrt(1 - value**2), rtol=1e-6)


def test_functions_of_integers():
    x = at.ivector()
    np.testing.assert_allclose(aesara.function([x], at.sqrt(x), mode=PYTHON)(np.int32([4, 9])), [2, 3])


def test_an_axis_that_is_not_there():
    with pytest.raises(np.exceptions.AxisError):
        at.all(at.bmatrix(), axis=2)


def test_convolution_in_python():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((1, 1, 5, 4), "float32"), rng.standard_normal((1, 1, 3, 2), "float32")
    inputs = at.tensor4(dtype="float32"), at.tensor4(dtype="float32")
    y = aesara.function([*inputs], at.nnet.conv2d(*inputs, filter_flip=False), mode=PYTHON)(x, w)
    np.testing.assert_allclose(y[0, 0], correlate2d(x[0, 0], w[0, 0], "valid"), rtol=1e-5, atol=1e-6)


def test_a_compiler_is_of_no_use_beside_numpy_2(python):
    process = python("import reproduce, theano; print(theano.config.cxx)", THEANO_FLAGS="cxx=/usr/bin/g++")
    if numpy2.is_used():
        assert process.stdout == "\n" and "cxx=/usr/bin/g++ is ignored" in process.stderr
    else:
        assert process.stdout == "/usr/bin/g++\n" and process.stderr == ""


def test_without_setuptools_everything_is_imported_and_nothing_pretends_to_be_setuptools(python):
    code = "import reproduce, lasagne; print(lasagne.__version__, *{'setuptools', 'pkg_resources'} & {*sys.modules})"
    assert python(HIDE + code).stdout.split() == ["0.1"]


def test_lasagne_is_compiled_quietly(python):
    elsewhere = {"PYTHONPYCACHEPREFIX": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    assert python("import reproduce, lasagne", **elsewhere).stderr == ""


def test_the_stand_ins_answer_as_setuptools_does(python):
    pytest.importorskip("setuptools")
    code = """
import reproduce, theano
from aesara.link.c import cmodule as c
print(c.get_config_h_filename(), c.get_config_var("EXT_SUFFIX"), c.get_python_inc(), c.get_python_inc(True))
print(c.get_python_lib(), c.get_python_lib(plat_specific=True, standard_lib=True))
"""
    assert python(HIDE + code).stdout == python(code).stdout
