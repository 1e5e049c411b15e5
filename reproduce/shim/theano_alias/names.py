"""What moved between Theano 0.9 and Aesara 2.9.4: modules, then names in modules."""

# Theano module: the module that has its contents now. Submodules follow their parent unless listed themselves.
MODULES = {
    "theano": "aesara",
    "theano.gof": "aesara.graph",
    "theano.ifelse": "aesara.ifelse",
    "theano.sandbox": "aesara.sandbox",
    "theano.scan_module": "aesara.scan",
    "theano.tensor.nnet": "aesara.tensor.nnet",
    "theano.tensor.shared_randomstreams": "aesara.tensor.random.utils",
    "theano.tensor.signal": "aesara.tensor.signal",
    "theano.tensor.signal.downsample": "aesara.tensor.signal.pool",
}

_GPU = "Aesara has no GPU backend of Theano's kind; GPU runs go through the JAX backend"

# Theano module: why nothing stands in for it.
REMOVED = {
    "theano.sandbox.cuda": _GPU,
    "theano.gpuarray": _GPU,
}

_HERE = "reproduce.shim.theano_alias.adapters"

# Theano module: {name: where it is now, as "module:name"}.
NAMES = {
    "theano": {
        "shared": f"{_HERE}:shared",
        "clone": f"{_HERE}:clone",
    },
    "theano.sandbox.rng_mrg": {
        "MRG_RandomStreams": "aesara.sandbox.rng_mrg:MRG_RandomStream",
    },
    "theano.tensor": {
        "addbroadcast": "aesara.tensor.shape:specify_broadcastable",
    },
    "theano.tensor.nnet": {
        "conv2d": f"{_HERE}:conv2d",
        "sigmoid": "aesara.tensor:sigmoid",
        "softplus": "aesara.tensor:softplus",
    },
    "theano.tensor.signal.downsample": {
        "max_pool_2d": f"{_HERE}:max_pool_2d",
    },
}
