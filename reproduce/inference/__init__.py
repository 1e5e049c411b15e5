"""Exported models, read and run with NumPy alone: no Aesara, JAX or Lasagne is imported.

::

    from reproduce import inference

    model = inference.load("results/mnist/lab2/seed-1/model.safetensors")
    classes = model.predict(pictures)  # float32, (pictures, 784), as the experiment's data set gives them
"""

from reproduce.inference.model import Model, load

__all__ = ["Model", "load"]
