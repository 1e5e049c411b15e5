"""Reads an experiment's configuration, applies overrides and resolves what one method needs.

A configuration is a TOML file of sections, each setting an inline table: its `value` (or one value for methods that
binarize `weights` and one for `weights_and_activations`), its `source`, and its limits: `choices`, a `minimum`, a
`length`, or the `methods` that it applies to.
"""

import functools
import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import nearest, one_line
from reproduce import methods
from reproduce.errors import UserError

CONFIGS = Path(__file__).resolve().parents[1] / "original_configs"

LARGEST = 2**32

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", list: "a list"}
"""The types of settings, in words."""

INERT = ("figure1.", "data.resident_limit")
"""Prefixes of keys that cannot change a result: recorded, but not part of a run's identity."""

ROUNDING = ("backend.exact_gates",)
"""Keys that change a result's rounding only. They are part of a run's identity. But a record counts for its cell, and a
run that began before they existed goes on, whatever their value."""


@dataclass(frozen=True)
class Setting:
    """One key of a configuration: its defaults, its source and its limits.

    `methods` holds the names of the methods that it applies to, or an attribute of `reproduce.methods.Method` that they
    have; if it is empty, the setting applies to all. `before` is the value that counts for runs from before the key
    existed, if that is not its default.
    """

    key: str
    weights: object
    weights_and_activations: object
    source: str
    choices: tuple = ()
    minimum: float | None = None
    length: int | None = None
    methods: tuple | str = ()
    before: object = None

    def default(self, method):
        """The value for `method` unless it is overridden."""
        return self.weights_and_activations if method.binary_activations else self.weights

    def applies_to(self, method):
        """Whether the setting means anything to `method`."""
        if isinstance(self.methods, str):
            return getattr(method, self.methods)
        return not self.methods or method.name in self.methods

    def held_before(self, method):
        """The value that counts for a run of `method` whose record lacks the key."""
        return self.default(method) if self.before is None else self.before

    def check(self, value):
        """`value` in the setting's own type; raises UserError if the setting does not admit it."""
        kind = type(self.weights)
        if kind is float and type(value) is int and abs(value) < LARGEST:
            value = float(value)
        if type(value) is not kind:
            raise UserError(f"{self.key} must be {KINDS[kind]} such as {show(self.weights)}, got {show(value)}")
        if kind is list and [type(item) for item in value] != [type(self.weights[0])] * len(value):
            raise UserError(f"{self.key} must be a list such as {show(self.weights)}, got {show(value)}")
        if self.length and len(value) != self.length:
            raise UserError(f"{self.key} must be {self.length} numbers such as {show(self.weights)}, got {show(value)}")
        if kind is float and not math.isfinite(value):
            raise UserError(f"{self.key} must be finite, got {value}")
        if kind is int and abs(value) >= LARGEST:
            raise UserError(f"{self.key} is too large: {value}")
        if self.choices and value not in self.choices:
            raise UserError(f"{self.key} must be one of {', '.join(map(str, self.choices))}, got {show(value)}")
        if self.minimum is not None and not value >= self.minimum:
            raise UserError(f"{self.key} must be at least {self.minimum}, got {show(value)}")
        return value


@dataclass(frozen=True)
class Experiment:
    """An experiment resolved for one method.

    Attributes
    ----------
    name : str
        The configuration's file name.
    method : reproduce.methods.Method
    settings : dict
        The value of every dotted key that applies to the method.
    overrides : dict
        The settings that differ from the configuration and can change a result.
    """

    name: str
    method: methods.Method
    settings: dict
    overrides: dict

    def __getitem__(self, key):
        if key not in self.settings:
            raise UserError(f"experiment {self.name} has no setting {key}; add it to {CONFIGS / self.name}.toml")
        return self.settings[key]

    @property
    def folder(self):
        """The first part of the run folder's name: the experiment and the overrides that can change a result."""
        parts = [f"{key}={show(value)}" for key, value in sorted(self.overrides.items())]
        return "+".join([self.name, *parts]).replace("/", "_").replace(" ", "")


def names():
    """The names of all experiments."""
    return sorted(path.stem for path in CONFIGS.glob("*.toml") if path.stem != "paper_results")


@functools.cache
def schema(name):
    """The settings of experiment `name`, a dict from dotted key to `Setting`."""
    if name not in names():
        raise UserError(f"unknown experiment '{name}'{nearest(name, names())}; experiments are {', '.join(names())}")
    path = CONFIGS / f"{name}.toml"
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8"))
        keys = ((f"{section}.{key}", fields) for section, keys in sections.items() for key, fields in keys.items())
        return {key: _setting(key, fields) for key, fields in keys}
    except (UserError, OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} cannot be used: {one_line(error)}; correct it") from None


def _setting(key, fields):
    """The `Setting` that a configuration describes by `fields`; raises an error of some kind if it describes none."""
    fields = dict(fields)
    if "value" in fields:
        value = fields.pop("value")
        fields |= {"weights": value, "weights_and_activations": value}
    choices = fields.pop("choices", [])
    if not isinstance(choices, list) or not isinstance(fields.get("minimum", 0), int | float):
        raise ValueError(f"{key} has choices that are no list, or a minimum that is no number")
    setting = Setting(key, choices=tuple(choices), **fields)
    if type(setting.weights) not in KINDS or setting.weights == []:
        raise ValueError(f"{key} is {show(setting.weights)}, of which the type of its values cannot be told")
    for value in (setting.weights, setting.weights_and_activations):
        setting.check(value)
    return setting


def resolve(name, method, overrides=None):
    """Experiment `name` for `method` with `overrides`.

    Parameters
    ----------
    name : str
        An experiment.
    method : str
        A method's name.
    overrides : dict, optional
        Values by dotted key, each in the setting's type.

    Returns
    -------
    Experiment

    Raises
    ------
    UserError
        For an unknown experiment, method or key, or a value that the key does not admit.

    Examples
    --------
    >>> shorter = resolve("mnist", "lab", {"training.epochs": 3})
    >>> shorter.folder, shorter["training.epochs"], shorter["training.batch_size"]
    ('mnist+training.epochs=3', 3, 100)
    """
    known = schema(name)
    method = methods.get(method)
    settings = {key: setting.default(method) for key, setting in known.items() if setting.applies_to(method)}
    changed = {}
    for key, value in (overrides or {}).items():
        if key not in known:
            raise UserError(f"unknown key '{key}' in experiment {name}{nearest(key, known)}")
        setting = known[key]
        if not setting.applies_to(method):
            suitable = [other.name for other in methods.METHODS.values() if setting.applies_to(other)]
            raise UserError(f"{key} does not apply to {method.name}, only to {', '.join(suitable)}")
        value = setting.check(value)
        settings[key] = value
        if value != setting.default(method):
            changed[key] = value
    _refuse_unreachable_recording(settings, changed)
    return Experiment(name, method, settings, {k: v for k, v in changed.items() if not k.startswith(INERT)})


def completed(name, method, settings):
    """The settings of a record or checkpoint; a key that it lacks has the value that held when it was written.

    Parameters
    ----------
    name, method : str
        The run's experiment and method. If either is unknown, the settings are returned unchanged.
    settings : dict
    """
    if name not in names() or method not in methods.METHODS:
        return settings
    method = methods.METHODS[method]
    known = [setting for setting in schema(name).values() if setting.applies_to(method)]
    return {setting.key: setting.held_before(method) for setting in known} | settings


def _refuse_unreachable_recording(settings, changed):
    """Raise UserError if the epoch to record for Figure 1 never comes, or if only details of the recording are set."""
    epoch, epochs = settings.get("figure1.epoch"), settings.get("training.epochs")
    if epoch is not None and epoch > epochs:
        raise UserError(f"figure1.epoch={epoch} never comes: training.epochs={epochs}")
    if not settings.get("figure1.record"):
        for key in changed.keys() & {"figure1.epoch", "figure1.clipping"}:
            raise UserError(f"{key} would not be used; set figure1.record=true as well")


def parse_overrides(assignments):
    """The dict of `assignments` of the form KEY=VALUE. Values are TOML; a bare word is a string.

    Examples
    --------
    >>> parse_overrides(["training.epochs=2", "method.variant=repository"])
    {'training.epochs': 2, 'method.variant': 'repository'}
    """
    overrides = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key or "\n" in text:
            raise UserError(f"--set must be KEY=VALUE, got {assignment!r}")
        if key in overrides:
            raise UserError(f"--set gives {key} twice")
        try:
            overrides[key] = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):  # no TOML, or a number or list without end
            overrides[key] = text
    return overrides


def run_arguments(name, method, overrides):
    """The arguments of ``python -m reproduce`` that run an experiment with `overrides` for a method.

    Examples
    --------
    >>> run_arguments("mnist", "lab", {"training.epochs": 3})
    ['run', 'mnist', '--method', 'lab', '--set', 'training.epochs=3']
    """
    settings = [word for key, value in sorted(overrides.items()) for word in ("--set", f"{key}={show(value)}")]
    return ["run", name, "--method", method, *settings]


def show(value):
    """A setting's value as it is written on the command line."""
    return value if isinstance(value, str) else json.dumps(value, default=str)
