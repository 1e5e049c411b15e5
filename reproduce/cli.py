"""The commands. Data goes to stdout, progress and logs to stderr; a user's mistake gives one line and exit code 2."""

import json
import math
import os
import sys
from dataclasses import asdict
from pathlib import Path

from datasets import DataError, catalog, progress
from datasets.errors import FullDiskError, NotPreparedError, one_line
from reproduce import terminal
from reproduce.arguments import parser
from reproduce.errors import UserError

UNRECORDED = ("--data", "--runs", "--out", "--from", "--minutes", "--checkpoint-minutes")
"""Options with a value that describe a folder or a process, not the run."""
SWITCHES = ("--restart", "--quiet", "-q")
"""Such options without a value."""


def main(argv=None):
    """Run the command line `argv` and return the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        options = parser().parse_args(argv)
        progress.quiet = getattr(options, "quiet", False)
        return COMMANDS[options.command](options, argv) or 0
    except (UserError, DataError) as error:
        _say_error(one_line(error))
        return 1 if isinstance(error, FullDiskError) else 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except MemoryError:
        _say_error("not enough memory for these settings; make the network or the minibatch smaller")
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _say_error(f"{one_line(error)}{where}")
        return 1


def _say_error(text):
    print(f"{terminal.coloured('error:', terminal.RED, sys.stderr)} {text}", file=sys.stderr)


def _resolve(options):
    from reproduce import experiments

    overrides = experiments.parse_overrides(options.set)
    epochs = getattr(options, "epochs", None)
    if epochs is not None and overrides.setdefault("training.epochs", epochs) != epochs:
        raise UserError(f"--epochs {epochs} and --set training.epochs={overrides['training.epochs']} disagree")
    _check_seed(options.seed)
    return experiments.resolve(options.experiment, options.method, overrides)


def _check_seed(seed, option="--seed"):
    if not 0 <= seed < 2**32:
        raise UserError(f"{option} must be between 0 and {2**32 - 1}, got {seed}")


def _run(options, argv):
    from reproduce.runs.stopping import Stop, Stopped

    stop = Stop(options.minutes)
    try:
        with stop.ending_at_once():
            return _train(options, argv, stop)
    except Stopped:
        print(f"stopped by {stop.reason} before there was anything to save; {_how_to_go_on(options)}", file=sys.stderr)
        return stop.exit_code


def _train(options, argv, stop):
    experiment = _resolve(options)
    from reproduce.runs import run as runs
    from reproduce.runs.progress import Notes, Screen

    if options.backend == "auto" and options.device != "gpu":
        options.backend = runs.backend_begun(options.runs, experiment, options.seed)
    backend = _backend(options, experiment)
    run = runs.Run(experiment, options.seed, backend, options.runs, _portable(argv))
    title = f"{experiment.folder} {experiment.method.name} seed {options.seed}"
    watch = (Notes if options.quiet else Screen)(title)
    with run.held():
        record = run.execute(
            options.data, options.allow_unofficial, watch, options.restart, stop, options.checkpoint_minutes
        )
    if not record.complete:
        print(f"{title}: stopped by {stop.reason} and saved; {_how_to_go_on(options)}  {run.folder}", file=sys.stderr)
        return stop.exit_code
    if not record.best_epoch:
        ran = f"{record.epochs_done} of {record.epochs_planned} epochs ran"
        print(f"{title}: diverged, validation was never finite; {ran}  {run.folder}")
        return 0
    kind, unit = ("loss", " nats/character") if record.metric == "test_loss" else ("error", "%")
    print(
        f"{title}: test {kind} {record.result:.4g}{unit} at the best validation epoch {record.best_epoch} "
        f"of {record.epochs_done} (validation {record.valid_result:.4g}{unit})  {run.folder}"
    )


def _how_to_go_on(options):
    return f"run the same command {'without --restart ' if options.restart else ''}to continue"


def _trace(options, argv):
    experiment = _resolve(options)
    if options.steps < 1:
        raise UserError(f"--steps must be at least 1, got {options.steps}")
    if options.out is not None and Path(options.out).is_dir():
        raise UserError(f"cannot write {options.out}: it is a folder; --out names a file")
    from datasets.storage.files import write_text
    from reproduce.trace import trace

    backend = _backend(options, experiment)
    found = trace(experiment, options.seed, backend, options.data, options.steps, options.allow_unofficial)
    text = json.dumps(found, indent=1) + "\n"
    if options.out is None:
        sys.stdout.write(text)
    else:
        write_text(options.out, text)


def _sample(options, argv):
    _check_seed(options.seed)
    if not 0 <= options.temperature < math.inf:
        raise UserError(f"--temperature must be a finite number, at least 0, got {options.temperature}")
    if options.length < 1:
        raise UserError(f"--length must be at least 1, got {options.length}")
    from reproduce import sampling

    model = sampling.load(options.run)
    prompt = sampling.encode_prompt(options.prompt, model.vocabulary)
    if not options.quiet:
        print(f"{options.run}: the best model, of epoch {model.epoch}", file=sys.stderr)
    backend = _backend(options)
    text = sampling.sample(model, backend, prompt, options.length, options.temperature, options.seed)
    encoding = sys.stdout.encoding or "utf-8"
    print(sampling.decode(text).encode(encoding, "replace").decode(encoding))


def _sweep(options, argv):
    for seed in options.seeds:
        _check_seed(seed, "--seeds")
    if options.jobs < 1:
        raise UserError(f"--jobs must be at least 1, got {options.jobs}")
    from reproduce import sweep
    from reproduce.runs.stopping import Stop

    wanted = sweep.jobs(options.target, options.seeds, options.methods)
    timed = sweep.missing(wanted, sweep.counted(options), options.device)
    if options.dry_run:
        print("\n".join(sweep.plan(timed)))
        return 0
    stop = Stop(options.minutes)
    sweeping = sweep.Sweep(sweep.passed_on(options), options.jobs, stop, options.quiet)
    with stop.listening():
        sweeping.execute([job for job, _ in timed])
    if sweeping.unfinished:
        left = len(sweeping.unfinished)
        print(f"stopped by {stop.reason}: {left} runs are left; run the same command to continue", file=sys.stderr)
        return stop.exit_code
    return 1 if sweeping.failed else 0


def _evaluate(options, argv):
    from reproduce import evaluate

    chosen = options.backend, options.device
    found = evaluate.evaluate(options.model, options.data, *chosen, options.allow_unofficial)
    _print(found.as_dict() if options.json else str(found))


def _export(options, argv):
    out = Path(options.out)
    if out.suffix != ".safetensors" or out.is_dir():
        raise UserError(f"--out must name a file that ends in .safetensors, got {options.out}")
    from reproduce import export
    from reproduce.runs import best

    sizes = export.export(best.load(options.run), out)
    ratio = sizes["float32_weights"] / sizes["file"]
    print(f"{out}: {sizes['file']:,} bytes; the weights in float32 would take {ratio:.1f} times as many")


def _report(options, argv):
    from reproduce import report
    from reproduce.report import as_json

    if options.compare:
        found = report.comparison.compare(*options.compare)
        page = report.comparison.write(found, options.out).resolve()
        table = f"{report.comparison.summary(found)}\ncomparison: {page}"
        _print({"page": str(page)} | as_json.comparison(found) if options.json else table)
        return
    results = report.collect(_runs_folders(options))
    page = report.write(results, options.out).resolve()
    table = f"{report.summary(results)}\nreport: {page}"
    _print({"page": str(page)} | as_json.runs(results) | as_json.cells(results) if options.json else table)


def _cells(options, argv):
    from reproduce import report
    from reproduce.report import as_json

    results = report.collect(_runs_folders(options))
    _print(as_json.cells(results) if options.json else report.format_cells(results))


def _data(options, argv):
    names = catalog.DATA_SETS
    chosen = [catalog.get(options.name)] if options.name else list(names.values())
    if options.from_path is not None and options.action != "prepare":
        raise UserError(f"--from works with 'data prepare' only, not with 'data {options.action}'; leave it out")
    if options.json and options.action != "list":
        raise UserError(f"--json works with 'data list' only, not with 'data {options.action}'; leave it out")
    if options.action == "list":
        listed = [(source.name, source.state(options.data), source.description) for source in chosen]
        lines = (f"{name:16}{state:32}{description}" for name, state, description in listed)
        keys = "name", "state", "description"
        _print([dict(zip(keys, row, strict=True)) for row in listed] if options.json else "\n".join(lines))
    elif options.action == "verify":
        return _verify(chosen, options)
    elif options.name is None:
        raise UserError(f"name the data set to prepare, one of {', '.join(names)}")
    else:
        print(chosen[0].prepare(options.data, options.from_path, options.allow_unofficial))


def _verify(chosen, options):
    """Verify every prepared data set; one that was named must be prepared."""
    damaged = 0
    for source in chosen:
        try:
            print(source.verify(options.data))
        except NotPreparedError:
            if options.name:
                raise
            print(f"{source.name}: not prepared")
        except DataError as error:
            _say_error(one_line(error))
            damaged = 2
    return damaged


def _theano(options, argv):
    from reproduce import era

    return era.run(options.script, options.arguments, options.python, options.backend, options.device)


COLOURS = {"ok": terminal.GREEN, "note": terminal.YELLOW, "bad": terminal.RED}


def _doctor(options, argv):
    from reproduce.doctor import examine

    checks = examine(options.data)
    if options.json:
        _print([asdict(check) for check in checks])
        return
    for check in checks:
        state = terminal.coloured(f"{check.state:5}", COLOURS[check.state], sys.stdout)
        print(f"{state}{check.name:14}{check.text}")


def _print(found):
    """Print text, or values as JSON."""
    print(found if isinstance(found, str) else json.dumps(_finite(found), indent=1, allow_nan=False))


def _finite(value):
    """`value` with None for each number that JSON does not know."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _backend(options, experiment=None):
    from reproduce import backends

    keys = {"precision": "backend.precision", "kind": "network.kind"} if experiment else {}
    wants = {name: experiment[key] for name, key in keys.items()}
    backend = backends.create(options.backend, options.device, **wants)
    if options.backend == "auto" and options.device != "gpu" and not backends.has_compiler():
        problem, _ = backends.c_obstacle()
        print(f"{problem}: running on the jax backend", file=sys.stderr)
    return backend


def _runs_folders(options):
    if options.runs is None:
        from reproduce.report import default_folders

        return default_folders()
    for name in options.runs:
        if not Path(name).is_dir():
            raise UserError(f"there is no folder {name}; --runs takes folders that 'run' wrote")
    return [Path(name) for name in options.runs]


def _portable(argv):
    """`argv` without the options that do not describe the run: those of `UNRECORDED` and `SWITCHES`."""
    kept, skip = [], False
    for word in argv:
        if skip:
            skip = False
        elif word in UNRECORDED:
            skip = True
        elif word.partition("=")[0] not in UNRECORDED and word not in SWITCHES:
            kept.append(word)
    return kept


COMMANDS = {
    "run": _run,
    "sweep": _sweep,
    "trace": _trace,
    "cells": _cells,
    "report": _report,
    "evaluate": _evaluate,
    "export": _export,
    "sample": _sample,
    "data": _data,
    "doctor": _doctor,
    "theano": _theano,
}
