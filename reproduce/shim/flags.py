"""The flags Aesara starts with: the user's, then ours."""

import os


def export():
    """Write the flags to the environment variable that Aesara reads when it is imported."""
    user = os.environ.get("AESARA_FLAGS", "")
    defaults = {"floatX": "float32", "blas__ldflags": ""}
    os.environ["AESARA_FLAGS"] = ",".join([*(f"{k}={v}" for k, v in defaults.items()), user])
