"""The record of a run: record.json."""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import get_type_hints

from datasets.errors import one_line
from reproduce import experiments
from reproduce.errors import UserError

FORMAT = 1
NAME = "record.json"
LARGEST = 2**63
"""A whole number as large as this is damage. It would overflow where it is printed."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run.

    Attributes
    ----------
    experiment, method : str
    seed : int
    overrides : dict
        The settings that differ from the configuration's and can change a result.
    settings : dict
        All settings.
    epochs_planned, epochs_done : int
    complete : bool
        Whether the run is over.
    diverged_at : int or None
        Epoch after which the run ended early, because its model was no longer finite.
    best_epoch : int or None
        Epoch of the best validation result; 0 if there is none.
    valid_error, test_error : float or None
        At the best epoch, in %; for language models the share of wrong characters. None if it is not finite.
    valid_loss, test_loss : float or None
        At the best epoch; for language models in nats per character.
    train_loss : float or None
        In the last epoch.
    seconds : float
        Spent in training and evaluation, over all processes.
    backend : str
        ``c`` or ``jax``.
    data : dict
        The data set's ``name``, whether it is ``official``, and the ``sha256`` of its files.
    started, device, software, argv
        Of the process that began the run: its time (ISO 8601), processor or GPU, versions, and command.
    resumed : list of dict
        The same for each later process whose command, device or software differed from the previous one's.
    """

    experiment: str
    method: str
    seed: int
    overrides: dict
    settings: dict
    epochs_planned: int
    epochs_done: int
    complete: bool
    diverged_at: int | None = None
    best_epoch: int | None = None
    valid_error: float | int | None = None
    test_error: float | int | None = None
    valid_loss: float | int | None = None
    test_loss: float | int | None = None
    train_loss: float | int | None = None
    seconds: float | int
    backend: str
    data: dict
    started: str
    device: str
    software: dict
    argv: list
    resumed: list = field(default_factory=list)

    @property
    def metric(self):
        """Its test result: ``"test_loss"`` of language models, else ``"test_error"``."""
        return "test_loss" if self.settings.get("network.kind") == "lstm" else "test_error"

    @property
    def result(self):
        """The test result at the best epoch, or None before the first."""
        return getattr(self, self.metric)

    @property
    def valid_result(self):
        """The validation result at the best epoch, or None before the first."""
        return getattr(self, self.metric.replace("test", "valid"))

    @property
    def diverged(self):
        """Whether it ended without an epoch whose validation result was a finite number."""
        return self.complete and self.best_epoch == 0 and self.result is None and self.valid_result is None

    @property
    def official(self):
        """Whether its data are the official ones."""
        return self.data["official"]

    @property
    def setup(self):
        """The experiment and the overrides, those aside that only seed: what methods and seeds may share."""
        seeding = {"training.init_seed"} if self.overrides.get("training.init_seed") == self.seed else set()
        shown = {key: experiments.show(value) for key, value in self.overrides.items() if key not in seeding}
        return (self.experiment, *sorted(shown.items()))

    @property
    def began(self):
        """`started` as a datetime; without a zone, UTC."""
        started = datetime.fromisoformat(self.started)
        return started if started.tzinfo else started.replace(tzinfo=UTC)

    def to_json(self):
        """The text of record.json. ``diverged_at`` is left out unless there is one."""
        values = asdict(self)
        if self.diverged_at is None:
            del values["diverged_at"]
        return json.dumps({"format": FORMAT} | values, indent=1) + "\n"

    @classmethod
    def from_json(cls, text):
        """The record in the text of a record.json, of this version or an earlier one.

        Raises
        ------
        ValueError
            Where it is none; the message says what is wrong.
        """
        try:
            found = json.loads(text)
            json.dumps(found, ensure_ascii=False).encode()  # a lone surrogate cannot be written as UTF-8
        except (ValueError, RecursionError) as error:
            raise ValueError(f"record.json cannot be read: {one_line(error)}") from None
        if not isinstance(found, dict):
            raise ValueError("record.json is not an object")
        if found.get("format") != FORMAT:
            raise ValueError(f"from another version: format {found.get('format')}, this program reads {FORMAT}")
        missing = [key for key in REQUIRED if key not in found]
        if missing:
            raise ValueError(f"record.json lacks {', '.join(missing)}")
        values = {key: found[key] for key in TYPES if key in found}
        for key, value in values.items():
            wrong = not isinstance(value, TYPES[key]) or (isinstance(value, bool) and TYPES[key] is not bool)
            if wrong or (isinstance(value, int) and abs(value) >= LARGEST):
                raise ValueError(f"record.json: {key} is {experiments.show(value)}")
        record = cls(**values)
        record._check()
        return record

    def _check(self):
        try:
            _ = self.began
        except ValueError:
            raise ValueError(f"record.json: started is {self.started}") from None
        if not isinstance(self.data.get("official"), bool):
            raise ValueError("record.json does not say whether its data are official")
        if not isinstance(self.data.get("sha256"), dict):
            raise ValueError("record.json lacks the checksums of its data")
        if not isinstance(self.software.get("commit"), str | None):
            raise ValueError(f"record.json: software.commit is {experiments.show(self.software['commit'])}")
        epochs = self.settings.get("training.epochs", self.epochs_planned)
        if epochs != self.epochs_planned:
            raise ValueError(
                f"record.json: training.epochs is {experiments.show(epochs)}, epochs_planned {self.epochs_planned}"
            )

    def check_result(self):
        """Raise ValueError where the result of a run that is over cannot be one."""
        if self.epochs_done != (self.diverged_at or self.epochs_planned):
            raise ValueError(f"record.json says complete after {self.epochs_done} of {self.epochs_planned} epochs")
        if self.diverged:
            return
        for name in (self.metric, self.metric.replace("test", "valid")):
            value = getattr(self, name)
            if value is None or not math.isfinite(value):
                raise ValueError(f"{name} is {'missing or was not a number' if value is None else value}")
            if value < 0 or (name.endswith("error") and value > 100):
                raise ValueError(f"{name} is {value}, outside what it can be")
        if self.best_epoch is None or not 1 <= self.best_epoch <= self.epochs_done:
            raise ValueError(f"best_epoch is {self.best_epoch}, of {self.epochs_done} epochs")


TYPES = get_type_hints(Record)
REQUIRED = tuple(item.name for item in fields(Record) if item.name not in (
    "best_epoch", "valid_error", "test_error", "valid_loss", "test_loss", "train_loss", "resumed", "diverged_at",
))  # fmt: skip
"""Keys that every record has."""


def read(folder):
    """The record of the run in `folder`, or None where there is none.

    Raises
    ------
    UserError
        Where record.json cannot be used.
    """
    path = Path(folder) / NAME
    try:
        return Record.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise UserError(f"{path} cannot be used ({one_line(error)}); start the run anew with --restart") from None
