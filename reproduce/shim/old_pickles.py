"""Unpickles Theano's shared variables as Aesara's, whose attributes differ."""


def install():
    """Give Aesara's types and shared variables a ``__setstate__`` that takes Theano's states as well."""
    from aesara.compile.sharedvalue import SharedVariable
    from aesara.tensor.type import TensorType

    if not hasattr(SharedVariable, "__setstate__"):
        TensorType.__setstate__ = _set_type
        SharedVariable.__setstate__ = _set_variable


def _set_type(self, state):
    from aesara.tensor.type import TensorType

    if "broadcastable" not in state:
        self.__dict__.update(state)
        return
    shape = tuple(1 if broadcasts else None for broadcasts in state["broadcastable"])
    self.__class__ = TensorType  # Theano's types on a GPU too
    self.__init__(state.get("dtype", "float32"), shape=shape, name=state.get("name"))


def _set_variable(self, state):
    if "owner" not in state:
        self.__dict__.update(state)
        return
    container = state["container"]
    self.__init__(container.type, None, None, container=container, name=state["name"])
