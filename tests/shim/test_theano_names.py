"""The calling surface of Theano 0.9: public names of its documented modules, arguments of functions."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

LINES = (Path(__file__).parent / "theano_names.txt").read_text().splitlines()[1:]
ENTRY = re.compile(r"(?P<name>[\w.]+)(?:\((?P<arguments>.*)\))?")

MISSING = {
    "theano": "theano_logger",
    "theano.compile.sharedvalue": "generic_constructor",
    "theano.gradient": "format_as mode_not_debug tensor",
    "theano.sandbox.rng_mrg": "GPUA_mrg_uniform GPU_mrg_uniform MRG_RNGs local_gpua_mrg local_gpua_mrg_graph",
    "theano.tensor.basic": "Diag EmptyConstantError Flatten Tile alloc_validate_shape check_equal_numpy "
    "constant_cache constant_or_value constructor div_proxy get_scalar_constant_value_elemwises "
    "numpy_diagonal_return_view numpy_scalar python_all python_any python_complex setdefault x",
    "theano.tensor.extra_ops": "DiffOp",
    "theano.tensor.nlinalg": "QRIncomplete",
    "theano.tensor.nnet.conv3d2d": "make_gpu_optimizer",
    "theano.tensor.nnet.nnet": "logsoftmax_op softmax_grad softmax_op",
    "theano.tensor.shared_randomstreams": "RandomStateSharedVariable randomstate_constructor",
    "theano.tensor.slinalg": "CholeskyGrad MATRIX_STRUCTURES",
    "theano.tensor.subtensor": "adv_index_broadcastable_pattern make_constant sparse_module_ref",
    "theano.tensor.var": "AsTensorError equal_slices",
}
"""Names that nothing stands in for: the old GPU's, helpers of Theano's own code, and Ops that functions of the same
purpose no longer use."""

DIFFERENT = {
    "theano.compile.sharedvalue": "shared_constructor",
    "theano.sandbox.rng_mrg": "mrg_next_value",
    "theano.tensor.basic": "conj dot is_flat",
    "theano.tensor.nlinalg": "diag",
    "theano.tensor.subtensor": "get_idx_list",
    "theano.tensor.var._tensor_py_operators": "choose",
}
"""Functions that take other arguments: ``shared_constructor`` of something; ``x.choose`` without its unused `out`;
`conj`, `dot` and `diag` under other names of their one or two arguments; the others are helpers."""


def found(path):
    """The object of that name; a class or module within is reached as a script would."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            thing = getattr(thing, part)
        return thing
    raise ImportError(path)


def problems(function, arguments, is_method):
    """What in `function` keeps it from being called with Theano's arguments, by position and by name."""
    parameters = list(inspect.signature(function).parameters.values())
    parameters = parameters[is_method:]
    kinds = {parameter.kind for parameter in parameters}
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    places = {parameter.name: place for place, parameter in enumerate(positional)}
    names = [argument.rstrip("=") for argument in arguments if not argument.startswith("*")]
    for place, name in enumerate(names):
        if places.get(name, place) != place:
            yield f"{name} is argument {places[name]}, not {place}"
        elif (
            name not in places
            and name not in {p.name for p in parameters}
            and inspect.Parameter.VAR_KEYWORD not in kinds
        ):
            yield f"no argument {name}"
    optional = {argument[:-1] for argument in arguments if argument.endswith("=")}
    for parameter in positional:
        if parameter.default is parameter.empty and (parameter.name in optional or parameter.name not in names):
            yield f"{parameter.name} has no default"


@pytest.mark.parametrize("module", sorted({line.partition("(")[0].rpartition(".")[0] for line in LINES}))
def test_names_and_arguments(module):
    missing, different = [], {}
    for line in LINES:
        entry = ENTRY.fullmatch(line)
        name = entry["name"]
        if name.rpartition(".")[0] != module:
            continue
        try:
            thing = found(name)
        except (AttributeError, ImportError):
            missing.append(name.rpartition(".")[2])
            continue
        if entry["arguments"] is not None and (inspect.isroutine(thing) or inspect.isclass(thing)):
            function = thing.__init__ if inspect.isclass(thing) else thing
            is_method = inspect.isclass(thing) or inspect.isclass(found(module))
            listed = list(problems(function, [a for a in entry["arguments"].split(", ") if a], is_method))
            if listed:
                different[name.rpartition(".")[2]] = listed
    assert sorted(missing) == MISSING.get(module, "").split()
    assert sorted(different) == DIFFERENT.get(module, "").split(), different


PACKAGES = dict(
    line.split(": ") for line in (Path(__file__).parent / "theano_packages.txt").read_text().splitlines()[1:]
)

MISSING_IN_PACKAGES = {
    "theano": "object2 test theano_logger",
    "theano.compile": "DUPLICATE NODEFAULT chain check_equal exclude io_connection_pattern is_same_graph "
    "ops_with_inner_function register_checker register_rebroadcast_c_code register_specify_shape_c_code",
    "theano.gof": "CachedConstantError LocalGroupDB ReplacementDidntRemovedError hashtype object2 "
    "ops_with_inner_function",
    "theano.scalar": "DisconnectedType builtin_bool builtin_complex builtin_float builtin_int chain div_proxy "
    "grad_undefined imported_scipy_special int_or_true_div pprint",
    "theano.sparse": "imported_scipy n scipy_ver sqr t",
    "theano.tensor": "AsTensorError Diag DiffOp EmptyConstantError Flatten MPIRecv MPIRecvWait MPISend MPISendWait "
    "SliceConstant SubtensorPrinter Tile Type adv_index_broadcastable_pattern alloc_validate_shape "
    "as_int_none_variable check_equal_numpy constant_cache constant_or_value constructor div_proxy "
    "get_scalar_constant_value_elemwises hashtype irecv isend key_to_cmp make_constant min_informative_str mpi_cmps "
    "mpi_enabled mpi_keys mpi_send_wait_cmp mpi_send_wait_key mpi_tag_cmp mpi_tag_key numpy_diagonal_return_view "
    "numpy_scalar python_all python_any python_complex recv register_transfer send setdefault sparse_module_ref",
    "theano.tensor.nnet": "ConvGrad3D ConvTransp3D Prepend_scalar_constant_to_each_row Prepend_scalar_to_each_row "
    "blas_header_text blas_header_version computeH computeR convGrad3D convTransp3D ldflags logsoftmax_op "
    "softmax_grad softmax_op",
}
"""Names in packages' own namespaces that nothing stands in for; helpers of Theano's own code, and `MISSING` again."""


@pytest.mark.parametrize("package", PACKAGES)
def test_namespaces_of_packages(package):
    module, names = importlib.import_module(package), PACKAGES[package].split()
    missing = [name for name in names if not hasattr(module, name)]
    assert missing == MISSING_IN_PACKAGES.get(package, "").split()
    modules = [name for name in names if inspect.ismodule(getattr(module, name, None))]
    assert modules == (["Conv3D"] if package == "theano.tensor.nnet" else []), "a function has a module's name"
