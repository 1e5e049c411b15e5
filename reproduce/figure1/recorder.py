"""Figure 1 of the paper: the gradient with respect to an LSTM's hidden-to-hidden weights, over one epoch."""

import json

import numpy as np
from aesara.gradient import grad

from datasets.storage.files import write_text
from reproduce.errors import UserError
from reproduce.figure1.histograms import MagnitudeHistogram

FILE = "figure1.json"
MATRICES = ("hidden_to_cell", "hidden_to_hidden")
"""The matrix whose gradient the released warpeace.py returns, and the matrices of all four gates together."""


def recorded_epoch(experiment):
    """The epoch whose gradients `experiment` records, or None."""
    return experiment["figure1.epoch"] if experiment.settings.get("figure1.record") else None


class GradientRecorder:
    """Counts the gradients of every minibatch of an epoch, without changing the training.

    The gradients come from a separate function, called before each training step. The training step is the same as in
    every other epoch, so recording cannot change a bit of the training. It costs each minibatch of the recorded epoch a
    second forward and backward pass, and nothing elsewhere.

    Parameters
    ----------
    network : reproduce.model.networks.Network
        A language model.
    objective : reproduce.model.objectives.CrossEntropy
    minibatch : reproduce.training.Minibatch
        The symbolic minibatch of the training step.
    backend : reproduce.backends
    clipping : bool
        True: the gradients that train, clipped at every time step. False: those of the same network without the clip.

    Notes
    -----
    Gradients are of the loss with respect to the weights as the network uses them (α·b, or w in full precision), as in
    Algorithm 1. Paper, Figure 1; released warpeace.py, main.
    """

    def __init__(self, network, objective, minibatch, backend, clipping):
        scores, _ = network.training_pass(minibatch.x, clipping=clipping)
        loss = objective.loss(scores, minibatch.labels)
        weights = [weight for weight in network.weights if "W_hid_to_" in weight.name]
        self._cell = [weight.name for weight in weights].index("lstm.W_hid_to_cell")
        self._gradients = backend.compile(minibatch.inputs, grad(loss, [weight.used for weight in weights]))
        self._minibatches, self._clipping = 0, clipping
        self._histograms = {name: MagnitudeHistogram() for name in MATRICES}

    def add(self, *arrays):
        """Count the gradients of one minibatch, given by the inputs of its training step."""
        gradients = self._gradients(*arrays)
        self._minibatches += 1
        self._histograms["hidden_to_cell"].add(gradients[self._cell])
        for gradient in gradients:
            self._histograms["hidden_to_hidden"].add(gradient)

    def state(self):
        """The counts so far: arrays by name."""
        return {
            f"{name}.{key}": array for name, kept in self._histograms.items() for key, array in kept.state().items()
        } | {"minibatches": np.array(self._minibatches), "clipping": np.array(self._clipping)}

    def restore(self, state):
        """Continue from the counts that `state` returned.

        Raises
        ------
        UserError
            If it is None or has another clip, because what is missing can no longer be counted.
        """
        if state is None or bool(state["clipping"]) != self._clipping:
            raise UserError(
                "the epoch under way was not recorded from its beginning as figure1.* asks; "
                "take a later figure1.epoch, another --runs, or start anew with --restart"
            )
        self._minibatches = int(state["minibatches"])
        for name, kept in self._histograms.items():
            prefix = f"{name}."
            kept.restore({key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)})

    def as_dict(self):
        """For JSON: how many minibatches were counted, and the histogram of each of the `MATRICES`."""
        matrices = {name: histogram.as_dict() for name, histogram in self._histograms.items()}
        return {"minibatches": self._minibatches, "matrices": matrices}


def write(folder, experiment, gradients):
    """Write `gradients`, a `GradientRecorder.as_dict` of the whole epoch, to `folder`."""
    header = {"epoch": experiment["figure1.epoch"], "clipping": experiment["figure1.clipping"]}
    write_text(folder / FILE, json.dumps(header | gradients, allow_nan=False) + "\n")


def refuse_if_missed(folder, experiment, epochs_done, epochs_begun):
    """Raise UserError if the epoch to record is over and `folder` does not hold its gradients."""
    epoch = recorded_epoch(experiment)
    if epoch is None or epochs_done < epoch or _holds(folder / FILE, epoch, experiment["figure1.clipping"]):
        return
    later = f"figure1.epoch={epochs_begun + 1} or later, " if epochs_begun < experiment["training.epochs"] else ""
    raise UserError(
        f"{folder} is past epoch {epoch}, which it did not record as figure1.* asks; "
        f"take {later}another --runs, or start anew with --restart"
    )


def _holds(path, epoch, clipping):
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept["epoch"] == epoch and kept["clipping"] == clipping
    except (OSError, ValueError, KeyError, TypeError):
        return False
