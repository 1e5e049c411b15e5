"""LAB's training steps written by hand in PyTorch, eager or with its graph compiled; full precision too.

It uses PyTorch's own fused Adam, fused batch norm and LSTM. PyTorch's batch norm adds ε to the variance, ours to the
standard deviation, which changes the scores by 2e-4. So the last batch norm, on ten columns, is written out; the next
one undoes the scale of each of the others. PyTorch's LSTM cannot clip gradients at every time step, and does not.
"""

import os

import torch
from torch.func import functional_call
from torch.nn import functional

from reproduce import formulas
from reproduce.model.updates import BETA2

EPSILON = float(formulas.EPSILON)
NORM_EPSILON, NORM_RATE = 1e-4, 0.1
GATES = ("ingate", "forgetgate", "cell", "outgate")


class PyTorch:
    """The step of `problem`; see `benchmarks.contestants`.

    If `compiles`, ``torch.compile`` compiles binarization and the loss with its gradient; fused Adam is one kernel
    already.
    """

    def __init__(self, problem, device, compiles=False):
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        torch.backends.cudnn.allow_tf32 = False
        self._device = torch.device("cuda" if device == "gpu" else "cpu")
        self._binarizes = problem.experiment.method.binarizes
        network = LanguageModel(problem) if problem.kind == "lstm" else PictureNetwork(problem)
        self._network = network.to(self._device)
        self._weights = self._own(network.weights)
        self._parameters = self._own(network.parameters)
        self._x, self._y = (torch.from_numpy(part).to(self._device) for part in (network.x, problem.splits.train.y))
        self._y = self._y.long()
        trained = [*self._weights.values(), *self._parameters.values()]
        self._optimizer = torch.optim.Adam(trained, lr=float(problem.learning_rate), eps=EPSILON, fused=True)
        self._steps = 0
        wrap = torch.compile if compiles else lambda function: function
        self._binarize, self._loss = wrap(binarize), wrap(network.loss)
        self._groups = len(GATES) if problem.kind == "lstm" else 1

    def _own(self, tensors):
        """Trainable copies on the device."""
        return {name: tensor.to(self._device, copy=True).requires_grad_() for name, tensor in tensors.items()}

    def losses(self, rows):
        collected = [self._step(torch.from_numpy(batch).to(self._device)) for batch in rows]
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        return [float(loss) for loss in collected]

    def _step(self, rows):
        used = self._weights
        if self._binarizes:
            with torch.no_grad():
                moments = [self._optimizer.state[w].get("exp_avg_sq") for w in used.values()]
                values = self._binarize(list(used.values()), moments, self._groups)
            used = dict(zip(used, (value.requires_grad_() for value in values), strict=True))
        loss = self._loss(used, self._parameters, self._x[rows], self._y[rows])
        loss.backward()
        if self._binarizes:
            for name, weight in self._weights.items():
                weight.grad = used[name].grad
        self._update()
        return loss.detach()

    def _update(self):
        self._steps += 1
        for group in self._optimizer.param_groups:  # ε as in the released scripts, which do not correct it
            group["eps"] = EPSILON / (1 - BETA2**self._steps) ** 0.5
        self._optimizer.step()
        self._optimizer.zero_grad()
        if self._binarizes:
            with torch.no_grad():
                for weight in self._weights.values():
                    weight.clamp_(-1, 1)


def binarize(weights, moments, groups):
    """``α·b`` of each weight, one α for each of `groups` blocks of its rows; a missing moment counts as zero."""
    return [_binarized(*pair, groups) for pair in zip(weights, moments, strict=True)]


def _binarized(weight, moment, groups):
    magnitudes = weight.abs().view(groups, -1)
    if moment is None:
        alpha = magnitudes.mean(1, keepdim=True)
    else:
        d = (moment.sqrt() + EPSILON).view(groups, -1)
        alpha = (d * magnitudes).sum(1, keepdim=True) / d.sum(1, keepdim=True)
    return torch.where(weight.view(groups, -1) + 1 >= 1, alpha, -alpha).view_as(weight)


class PictureNetwork(torch.nn.Module):
    """Convolutions, pooling after every second; dense layers; batch norm after each, ReLU between.

    Filters are in the convention of correlations; dense weights are (inputs, units).
    """

    def __init__(self, problem):
        super().__init__()
        self.layers, self.classes = problem.layers, problem.classes
        flipped = {n: w[:, :, ::-1, ::-1].copy() if w.ndim == 4 else w for n, w in problem.weights.items()}
        self.weights = {name: torch.from_numpy(w) for name, w in flipped.items()}
        self.parameters = {name: torch.from_numpy(p) for name, p in problem.parameters.items()}
        self.x = problem.pictures()
        for name in self.layers:
            features = len(problem.parameters[f"{name}.b"])
            self.register_buffer(f"{name}_mean", torch.zeros(features))
            self.register_buffer(f"{name}_spread", torch.ones(features))

    def loss(self, used, parameters, x, labels):
        for number, name in enumerate(self.layers, 1):
            weight, bias = used[f"{name}.W"], parameters[f"{name}.b"]
            if name.startswith("conv"):
                x = functional.conv2d(x, weight, bias, padding=1)
                if number % 2 == 0:
                    x = functional.max_pool2d(x, 2)
            else:
                x = torch.addmm(bias, x.flatten(1), weight)
            gamma, beta = parameters[f"{name}.norm.gamma"], parameters[f"{name}.norm.beta"]
            running = self.get_buffer(f"{name}_mean"), self.get_buffer(f"{name}_spread")
            if name == self.layers[-1]:
                return squared_hinge(self._last_norm(x, gamma, beta, *running), labels, self.classes)
            x = functional.batch_norm(x, *running, gamma, beta, training=True, momentum=NORM_RATE, eps=EPSILON)
            x = functional.relu(x)

    @staticmethod
    def _last_norm(x, gamma, beta, running_mean, running_spread):
        std, mean = torch.std_mean(x, 0, correction=0)
        with torch.no_grad():
            running_mean.lerp_(mean, NORM_RATE)
            running_spread.lerp_(std, NORM_RATE)
        return (x - mean) / (std + NORM_EPSILON) * gamma + beta


def squared_hinge(scores, labels, classes):
    signed = 2 * functional.one_hot(labels, classes).to(scores.dtype) - 1
    return functional.relu(1 - signed * scores).square().mean()


class LanguageModel(torch.nn.Module):
    """One LSTM layer on one-hot vectors, and the mean cross-entropy of the next characters.

    The four gates of a weight are blocks of its rows. The second of PyTorch's two biases stays 0.
    """

    def __init__(self, problem):
        super().__init__()
        self.classes, units = problem.classes, problem.experiment["network.units"]
        self.lstm = torch.nn.LSTM(self.classes, units, batch_first=True)
        self.lstm.requires_grad_(False)

        def stacked(values, pattern):
            rows = [torch.from_numpy(values[pattern.format(gate)]).t() for gate in GATES]
            return torch.cat(rows).contiguous()

        self.weights = {
            "weight_ih_l0": stacked(problem.weights, "lstm.W_in_to_{}"),
            "weight_hh_l0": stacked(problem.weights, "lstm.W_hid_to_{}"),
        }
        self.parameters = {
            "bias_ih_l0": stacked(problem.parameters, "lstm.b_{}"),
            "W": torch.from_numpy(problem.parameters["output.W"]),
            "b": torch.from_numpy(problem.parameters["output.b"]),
        }
        torch.nn.init.zeros_(self.lstm.bias_hh_l0)
        self.x = problem.splits.train.x

    def loss(self, used, parameters, x, labels):
        vectors = functional.one_hot(x.long(), self.classes).to(torch.float32)
        own = {**used, "bias_ih_l0": parameters["bias_ih_l0"]}
        hidden, _ = functional_call(self.lstm, own, vectors)
        scores = torch.addmm(parameters["b"], hidden.flatten(0, 1), parameters["W"])
        return functional.cross_entropy(scores, labels.flatten())
