"""What moved between Theano 0.7-0.9 and Aesara 2.9.4: modules, then names in modules."""

# Theano module: the module that has its contents now. Submodules follow their parent unless listed themselves.
MODULES = {
    "theano": "aesara",
    "theano.compat": "reproduce.shim.theano_alias.compat",
    "theano.compat.python2x": "collections",
    "theano.compile.debugmode": "aesara.compile.debugmode",
    "theano.compile.function_module": "aesara.compile.function.types",
    "theano.compile.pfunc": "aesara.compile.function.pfunc",
    "theano.gof": "aesara.graph",
    "theano.gof.cc": "aesara.link.c.basic",
    "theano.gof.cmodule": "aesara.link.c.cmodule",
    "theano.gof.compiledir": "aesara.compile.compiledir",
    "theano.gof.compilelock": "aesara.compile.compilelock",
    "theano.gof.cutils": "aesara.link.c.cutils",
    "theano.gof.graph": "aesara.graph.basic",
    "theano.gof.link": "aesara.link.basic",
    "theano.gof.opt": "aesara.graph.rewriting.basic",
    "theano.gof.optdb": "aesara.graph.rewriting.db",
    "theano.gof.params_type": "aesara.link.c.params_type",
    "theano.gof.toolbox": "aesara.graph.features",
    "theano.gof.vm": "aesara.link.vm",
    "theano.ifelse": "aesara.ifelse",
    "theano.misc": "aesara.misc",
    "theano.sandbox": "aesara.sandbox",
    "theano.scan_module": "aesara.scan",
    "theano.scan_module.scan_checkpoints": "aesara.scan.checkpoints",
    "theano.scan_module.scan": "aesara.scan.basic",
    "theano.scan_module.scan_op": "aesara.scan.op",
    "theano.scan_module.scan_opt": "aesara.scan.rewriting",
    "theano.scan_module.scan_utils": "aesara.scan.utils",
    "theano.scan_module.scan_views": "aesara.scan.views",
    "theano.tensor.nnet": "aesara.tensor.nnet",
    "theano.tensor.nnet.Conv3D": "reproduce.shim.theano_alias.conv3d",
    "theano.tensor.nnet.bn": "aesara.tensor.nnet.batchnorm",
    "theano.tensor.nnet.neighbours": "aesara.tensor.nnet.neighbours",
    "theano.tensor.nnet.nnet": "aesara.tensor.nnet.basic",
    "theano.tensor.nnet.opt": "aesara.tensor.nnet.rewriting",
    "theano.tensor.opt": "aesara.tensor.rewriting.basic",
    "theano.tensor.opt_uncanonicalize": "aesara.tensor.rewriting.uncanonicalize",
    "theano.tensor.shared_randomstreams": "aesara.tensor.random.utils",
    "theano.tensor.signal": "aesara.tensor.signal",
    "theano.tensor.signal.downsample": "aesara.tensor.signal.pool",
    "theano.tests": "aesara",
    "theano.tests.breakpoint": "aesara.breakpoint",
}

GPU_MODULES = ("basic_ops", "blas", "dnn", "type", "var")
"""Modules of Theano's two GPU packages that scripts ask something of."""

for package in ("theano.gpuarray", "theano.sandbox.cuda"):
    MODULES |= {package: "reproduce.shim.theano_alias.gpu"}
    MODULES |= {f"{package}.{name}": "reproduce.shim.theano_alias.gpu" for name in GPU_MODULES}

# Beginning of a Theano module's name: Aesara's modules that may have what the module's own counterpart lacks.
_TENSOR = (
    "aesara.tensor", "aesara.tensor.math", "aesara.tensor.type", "aesara.tensor.shape", "aesara.tensor.elemwise",
    "aesara.tensor.extra_ops", "aesara.tensor.nlinalg", "aesara.tensor.special", "aesara.tensor.var",
    "aesara.tensor.exceptions", "aesara.tensor.inplace", "aesara.scalar",
)  # fmt: skip
_TENSOR_REWRITING = tuple(
    f"aesara.tensor.rewriting.{name}"
    for name in ("basic", "elemwise", "extra_ops", "math", "shape", "special", "subtensor", "uncanonicalize")
)
HOMES = {
    "theano.compile": ("aesara.compile.ops", "aesara.tensor.shape"),
    "theano.gof": (
        "aesara.graph.basic", "aesara.graph.features", "aesara.graph.fg", "aesara.graph.null_type", "aesara.graph.op",
        "aesara.graph.rewriting.basic", "aesara.graph.rewriting.utils", "aesara.graph.type", "aesara.graph.utils",
        "aesara.link.basic", "aesara.link.c.basic", "aesara.link.c.interface", "aesara.link.c.op", "aesara.link.c.type",
        "aesara.link.utils", "aesara.utils",
    ),
    "theano.scan_module": ("aesara.scan.utils", "aesara.scan.basic", "aesara.scan.op", "aesara.scan.rewriting"),
    "theano.tensor": _TENSOR,
    "theano.tensor.nnet": ("aesara.tensor.nnet", "aesara.tensor.special", "aesara.tensor.rewriting.special"),
    "theano.tensor.nnet.sigm": ("aesara.scalar.math", *_TENSOR_REWRITING),
    "theano.tensor.opt": (*_TENSOR_REWRITING, *_TENSOR),
}  # fmt: skip

_GPU = "Aesara has no GPU backend of Theano's kind; GPU runs go through the JAX backend"

# Theano module: why nothing stands in for it.
REMOVED = {
    "theano.gpuarray": _GPU,
    "theano.sandbox.cuda": _GPU,
    "theano.sandbox.gpuarray": _GPU,
}

_ADAPTERS = "reproduce.shim.theano_alias.adapters"
_OPS = "reproduce.shim.theano_alias.ops"


def _at(module, *names, **renamed):
    """Entries for `names`, which `module` has, and for names that it has under another one."""
    return {name: f"{module}:{name}" for name in names} | {old: f"{module}:{new}" for old, new in renamed.items()}


_GRAPH = {
    **_at("aesara.graph.basic", "Apply", "Constant", "Variable"),
    **_at("aesara.graph.fg", "FunctionGraph", Env="FunctionGraph"),
    **_at(_OPS, "Op", PureOp="Op"),
    **_at(_ADAPTERS, "local_optimizer"),
    **_at("aesara.graph.type", "Type"),
    **_at("aesara.graph.utils", "InconsistencyError", "MethodNotDefined", "MissingInputError"),
    **_at("aesara.link.basic", "Container", "Linker", "LocalLinker", "PerformLinker"),
    **_at("aesara.link.c.basic", "CLinker", "DualLinker", "OpWiseCLinker"),
    **_at("aesara.link.c.type", "Generic", "generic"),
}

_REWRITING = {
    **_at(
        "aesara.graph.rewriting.basic",
        EquilibriumOptimizer="EquilibriumGraphRewriter",
        LocalOptGroup="SequentialNodeRewriter",
        LocalOptimizer="NodeRewriter",
        MergeOptimizer="MergeOptimizer",
        OpSub="SubstitutionNodeRewriter",
        Optimizer="GraphRewriter",
        PatternSub="PatternNodeRewriter",
        SeqOptimizer="SequentialGraphRewriter",
        TopoOptimizer="WalkingGraphRewriter",
    ),
    **_at(_ADAPTERS, "local_optimizer"),
    **_at(
        "aesara.graph.rewriting.db",
        "EquilibriumDB",
        "ProxyDB",
        "SequenceDB",
        DB="RewriteDatabase",
        Query="RewriteDatabaseQuery",
    ),
}

_SOFTMAX = {
    **_at(_ADAPTERS, "softmax", softmax_graph="softmax"),
    **_at("aesara.tensor.math", "sigmoid", "softplus"),
    **_at("aesara.scalar.math", scalar_sigmoid="sigmoid", scalar_softplus="softplus"),
    **_at("aesara.tensor.special", "Softmax", "SoftmaxGrad"),
}

# Theano module: {name: where it is now, as "module:name"}.
NAMES = {
    "theano": {
        **_GRAPH,
        **_at(_ADAPTERS, "clone", "shared"),
        **_at("aesara.compile.io", "SymbolicInput", "SymbolicOutput"),
        **_at(_ADAPTERS, "OpFromGraph", "Param", "sparse_grad"),
        **_at("aesara.scan.checkpoints", "scan_checkpoints"),
        **_at("aesara.compile.ops", "as_op"),
        **_at("aesara.misc.safe_asarray", "_asarray"),
        **_at("aesara.link.c.op", "OpenMPOp"),
        **_at("aesara.tensor.math", "dot"),
    },
    "theano.compile": {
        **_at("aesara.compile.builders", "inline_ofg_expansion"),
        **_at("aesara.compile.debugmode", "DebugMode"),
        **_at("aesara.compile.function", "function", "function_dump"),
        **_at("aesara.compile.function.pfunc", "pfunc"),
        **_at("aesara.compile.function.types", "Function", "FunctionMaker"),
        **_at("aesara.configdefaults", "config"),
        **_at("aesara.graph.null_type", "NullType"),
        **_at("aesara.scan.utils", "ScanProfileStats"),
        **_at(_ADAPTERS, "MonitorMode", "OpFromGraph", "Param", "Rebroadcast", "shared"),
    },
    "theano.compile.builders": _at(_ADAPTERS, "OpFromGraph"),
    "theano.compile.monitormode": _at(_ADAPTERS, "MonitorMode", "detect_nan"),
    "theano.compile.ops": _at(_ADAPTERS, "Rebroadcast"),
    "theano.compile.pfunc": _at(_ADAPTERS, "Param"),
    "theano.compile.sharedvalue": _at(_ADAPTERS, "shared"),
    "theano.configdefaults": _at(_ADAPTERS, "local_bitwidth", "python_int_bitwidth"),
    "theano.gof": {
        **_GRAPH,
        **_REWRITING,
        **_at("aesara.compile.mode", "optdb"),
        **_at("aesara.graph.destroyhandler", "DestroyHandler"),
        **_at("aesara.graph.basic", "ancestors", "clone", "view_roots", inputs="graph_inputs"),
        **_at("aesara.graph.basic", "general_toposort", "io_toposort", "list_of_nodes"),
        **_at("aesara.graph.basic", orphans="orphans_between", variables="vars_between"),
        **_at("aesara.graph.features", "Feature", "ReplaceValidate"),
        **_at("aesara.link.c.interface", "CLinkerOp", "CLinkerType", "HideC"),
        **_at("aesara.link.c.op", "COp", "OpenMPOp"),
        **_at("aesara.link.c.params_type", "ParamsType"),
        **_at("aesara.link.c.type", "CEnumType", "CType", "EnumList", "EnumType"),
        **_at("aesara.utils", "hash_from_code"),
    },
    "theano.gof.graph": {
        **_at("aesara.graph.basic", inputs="graph_inputs", orphans="orphans_between", variables="vars_between"),
        **_at("aesara.graph.rewriting.utils", "is_same_graph"),
    },
    "theano.gof.op": {
        **_at(_OPS, "Op", PureOp="Op"),
        **_at("aesara.link.c.interface", "CLinkerOp"),
        **_at("aesara.link.c.op", "COp", "OpenMPOp"),
    },
    "theano.gof.opt": _REWRITING,
    "theano.gof.optdb": _REWRITING,
    "theano.gof.type": _at("aesara.link.c.type", "CEnumType", "CType", "EnumList", "EnumType", "Generic", "generic"),
    "theano.gof.utils": {
        **_at("aesara.utils", "hash_from_code"),
        **_at("aesara.graph.utils", scratchpad="Scratchpad"),
    },
    "theano.gradient": _at(_ADAPTERS, "verify_grad"),
    "theano.printing": _at(_ADAPTERS, "debugprint"),
    "theano.sandbox.rng_mrg": _at(_ADAPTERS, "MRG_RandomStreams"),
    "theano.scalar": {
        **_GRAPH,
        **_at("aesara.scalar.basic", "same_out", "same_out_min8", "same_out_nobool", abs_="abs"),
        **_at("aesara.scalar.basic", maximum="scalar_maximum", minimum="scalar_minimum"),
        **_at("aesara.scalar.basic", IntDiv="FloorDivide", Maximum="ScalarMaximum", Minimum="ScalarMinimum"),
        **_at("aesara.scalar.basic", TrueDiv="TrueDivide"),
    },
    "theano.scan_module": {
        **_at("aesara.scan.basic", "scan"),
        **_at("aesara.scan.checkpoints", "scan_checkpoints"),
        **_at(_ADAPTERS, "clone"),
    },
    "theano.scan_module.scan_utils": {
        **_at("aesara.graph.basic", "equal_computations"),
        **_at(_ADAPTERS, "clone"),
    },
    "theano.sparse": {**_at("aesara.sparse.type", SparseType="SparseTensorType"), **_at(_ADAPTERS, "enable_sparse")},
    "theano.tensor": {
        **_at("aesara.gradient", "DisconnectedType", "Lop", "Rop", "numeric_grad"),
        **_at("aesara.scalar.basic", "autocast_float", "autocast_float_as"),
        **_at("aesara.tensor.basic", "ARange", "Alloc", "AllocEmpty", "Choose", "Default", "ExtractDiag", "Eye"),
        **_at("aesara.tensor.basic", "Join", "MakeVector", "Nonzero", "PermuteRowElements", "ScalarFromTensor"),
        **_at("aesara.tensor.basic", "Split", "TensorFromScalar", "Tri", "default", "join_"),
        **_at("aesara.tensor.elemwise", "CAReduce", "DimShuffle", "Elemwise"),
        **_at("aesara.tensor.exceptions", "NotScalarConstantError"),
        **_at("aesara.tensor.extra_ops", "Unique", "to_one_hot"),
        **_at("aesara.tensor.io", "LoadFromDisk"),
        **_at("aesara.tensor.math", "Dot", "MaxAndArgmax"),
        **_at("aesara.tensor.nlinalg", "norm", "trace"),
        **_at("aesara.tensor.shape", "Reshape", "Shape", "Shape_i", "shape_i", "unbroadcast"),
        **_at("aesara.tensor.shape", addbroadcast="specify_broadcastable"),
        **_at("aesara.tensor.sharedvar", "TensorSharedVariable"),
        **_at("aesara.tensor.subtensor", "AdvancedIncSubtensor", "AdvancedIncSubtensor1", "AdvancedSubtensor"),
        **_at("aesara.tensor.subtensor", "AdvancedSubtensor1", "IncSubtensor", "Subtensor", "advanced_inc_subtensor"),
        **_at("aesara.tensor.subtensor", "advanced_inc_subtensor1", "advanced_set_subtensor"),
        **_at("aesara.tensor.subtensor", "advanced_set_subtensor1", "advanced_subtensor", "advanced_subtensor1"),
        **_at("aesara.tensor.subtensor", "as_index_variable", "get_canonical_form_slice", "get_idx_list"),
        **_at("aesara.tensor.type", Tensor="TensorType"),
        **_at("aesara.tensor.type", "all_dtypes", "complex_dtypes", "continuous_dtypes", "discrete_dtypes"),
        **_at("aesara.tensor.type", "float_dtypes", "integer_dtypes", "uint_dtypes"),
        **_at("aesara.tensor.type_other", "MakeSlice", "NoneTypeT", "SliceType"),
        **_at(_ADAPTERS, "Rebroadcast", "choose", "flatten", "load", "patternbroadcast", "verify_grad"),
        **_at(_ADAPTERS, _shared="shared"),
    },
    "theano.tensor.basic": {
        **_at("aesara.tensor.math", "_allclose", "_get_atol_rtol"),
        **_at("aesara.tensor.type", Tensor="TensorType"),
        **_at("aesara.tensor.shape", "unbroadcast", addbroadcast="specify_broadcastable"),
        **_at(_ADAPTERS, "choose", "flatten", "patternbroadcast"),
    },
    "theano.tensor.extra_ops": _at("aesara.tensor.extra_ops", RepeatOp="Repeat"),
    "theano.tensor.io": _at(_ADAPTERS, "load"),
    "theano.tensor.nlinalg": _at("aesara.tensor.basic", "AllocDiag", "ExtractDiag", "diag", alloc_diag="diag"),
    "theano.tensor.nnet": {
        **_SOFTMAX,
        **_at("aesara.tensor.nnet.basic", "CrossentropyCategorical1Hot", "CrossentropyCategorical1HotGrad"),
        **_at("aesara.tensor.nnet.basic", "CrossentropySoftmax1HotWithBiasDx", "SoftmaxWithBias"),
        **_at("aesara.tensor.nnet.basic", "CrossentropySoftmaxArgmax1HotWithBias"),
        **_at("aesara.tensor.nnet.conv", "ConvOp"),
        **_at(_ADAPTERS, "conv2d"),
        **_at("reproduce.shim.theano_alias.conv3d", "conv3D"),
    },
    "theano.tensor.nnet.nnet": _SOFTMAX,
    "theano.tensor.nnet.sigm": _SOFTMAX,
    "theano.tensor.nnet.abstract_conv": _at(_ADAPTERS, "bilinear_upsampling"),
    "theano.tensor.opt": _at("aesara.raise_op", "Assert", assert_="assert_op", assert_op="assert_op"),
    "theano.tensor.shared_randomstreams": _at("reproduce.shim.theano_alias.random_streams", "RandomStreams"),
    "theano.tensor.signal.downsample": _at(_ADAPTERS, "max_pool_2d"),
}
