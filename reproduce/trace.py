"""Traces the first minibatches of a run, to compare machines, backends and programs."""

from reproduce import splits
from reproduce.runs import provenance
from reproduce.training import Training


def trace(experiment, seed, backend, data, steps, allow_unofficial=False):
    """Train on `steps` minibatches at the first epoch's learning rate; after each epoch the examples are shuffled anew.

    Returns
    -------
    dict
        ``training_losses`` (one per minibatch, each before its update), ``initial_weights_shape`` and
        ``initial_weights_first3`` (for each weight tensor in network order, its first three values in C order),
        ``first_shuffle_first10``, the arguments, and for a text its vocabulary and the lengths of its parts.
    """
    examples = splits.load(experiment, data, allow_unofficial)
    training = Training(experiment, examples, backend, seed)
    weights = [weight.latent.get_value() for weight in training.network.weights]
    losses, first_shuffle = [], None
    while len(losses) < steps:
        rows = training.shuffle()
        if first_shuffle is None:
            first_shuffle = rows.reshape(-1)[:10].tolist()
        for some in training.losses(rows[: steps - len(losses)]):
            losses.extend(float(loss) for loss in some)
    return {
        "experiment": experiment.name,
        "method": experiment.method.name,
        "seed": seed,
        "overrides": experiment.overrides,
        "backend": backend.name,
        "device": provenance.device(backend),
        "software": provenance.software(),
        "steps": steps,
        "batch_size": experiment["training.batch_size"],
        "learning_rate": experiment["training.learning_rate"],
        "initial_weights_shape": [list(w.shape) for w in weights],
        "initial_weights_first3": [w.reshape(-1)[:3].tolist() for w in weights],
        "first_shuffle_first10": first_shuffle,
        "training_losses": losses,
    } | _text(examples)


def _text(examples):
    """For a text: its vocabulary and the length of each part, including the target character past its end."""
    if examples.vocabulary is None:
        return {}
    parts = {"train": examples.train, "valid": examples.valid, "test": examples.test}
    return {
        "vocabulary": len(examples.vocabulary),
        "vocabulary_order_bytes": list(examples.vocabulary),
    } | {f"{name}_length": part.x.size + 1 for name, part in parts.items()}
