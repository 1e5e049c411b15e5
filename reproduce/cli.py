"""The commands. Data goes to stdout, progress and logs to stderr; a user's mistake gives one line and exit code 2."""

import argparse
import json
import math
import os
import sys
from pathlib import Path

from datasets import DataError, catalog
from datasets.errors import FullDiskError, NotPreparedError, one_line
from reproduce.errors import UserError
from reproduce.methods import METHODS

UNRECORDED = ("--data", "--runs", "--out", "--from", "--minutes", "--checkpoint-minutes")
"""Options with a value that describe a folder or a process, not the run."""


class Parser(argparse.ArgumentParser):
    """Reports a mistake in the house's style: one line, exit code 2."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message):
        raise UserError(f"{message}; see '{self.prog} --help'")


def main(argv=None):
    """Run the command line `argv` and return the exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        options = parser().parse_args(argv)
        return options.command(options, argv) or 0
    except (UserError, DataError) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 1 if isinstance(error, FullDiskError) else 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except MemoryError:
        print("error: not enough memory for these settings; make the network or the minibatch smaller", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"error: {one_line(error)}{where}", file=sys.stderr)
        return 1


def parser():
    """The command line's grammar."""
    about = "Reproduces Loss-aware Binarization of Deep Networks (ICLR 2017) on Aesara and Lasagne."
    top = Parser(prog="python -m reproduce", description=about)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=Parser)

    run = commands.add_parser("run", help="train an experiment with a method, to the end of the schedule")
    _experiment_options(run)
    run.add_argument("--epochs", type=int, metavar="N", help="the same as --set training.epochs=N")
    run.add_argument("--runs", default="runs", metavar="DIR", help="folder to write runs to (default: %(default)s)")
    run.add_argument("--restart", action="store_true", help="start anew and remove what an earlier run left")
    run.add_argument("--minutes", type=minutes, metavar="N", help="save and stop after N minutes, exit code 75")
    interval = "time between checkpoints (default: %(default)g); Ctrl-C, SIGTERM and SIGHUP save too"
    run.add_argument("--checkpoint-minutes", type=minutes, default=5.0, metavar="N", help=interval)
    run.set_defaults(command=_run)

    trace = commands.add_parser("trace", help="print the losses of the first minibatches as JSON")
    _experiment_options(trace)
    trace.add_argument("--steps", type=int, default=10, metavar="N", help="minibatches (default: %(default)s)")
    trace.add_argument("--out", metavar="FILE.json", help="file to write instead of stdout")
    trace.set_defaults(command=_trace)

    sample = commands.add_parser("sample", help="print text from a trained language model")
    sample.add_argument("run", metavar="RUN", help="the folder of a run, as 'run' prints it")
    prompt = "beginning of the text (default: a line feed, if the model knows it)"
    sample.add_argument("--prompt", metavar="TEXT", help=prompt)
    temperature = "randomness of the draws; 0 takes the most probable character (default: %(default)s)"
    sample.add_argument("--temperature", type=float, default=1.0, metavar="T", help=temperature)
    sample.add_argument("--length", type=int, default=1000, metavar="N", help="characters (default: %(default)s)")
    sample.add_argument("--seed", type=int, default=1234, help="seed of the draws (default: %(default)s)")
    _backend_options(sample)
    sample.set_defaults(command=_sample)

    sweep = commands.add_parser("sweep", help="train the runs of a target that are missing, the cheapest first")
    sweep.add_argument("target", metavar="TARGET", help="table1 … table4, figure1, all, or an experiment")
    sweep.add_argument("--seeds", type=int, nargs="+", default=[1234, 1, 2], metavar="N", help="default: 1234 1 2")
    sweep.add_argument("--methods", nargs="+", metavar="METHOD", help="only these methods")
    sweep.add_argument("--minutes", type=minutes, metavar="N", help="save and stop after N minutes, exit code 75")
    sweep.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time (default: %(default)s)")
    sweep.add_argument("--dry-run", action="store_true", help="list the missing runs with estimated times")
    sweep.add_argument("--runs", default="runs", metavar="DIR", help="folder to write runs to (default: %(default)s)")
    _backend_options(sweep)
    _data_option(sweep)
    _unofficial_option(sweep)
    sweep.set_defaults(command=_sweep)

    evaluate = commands.add_parser("evaluate", help="measure a run's best model, or an exported one, on the test set")
    evaluate.add_argument("model", metavar="RUN|MODEL", help="the folder of a run, or a file that 'export' wrote")
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    _backend_options(evaluate, "the run's own")
    _data_option(evaluate)
    _unofficial_option(evaluate)
    evaluate.set_defaults(command=_evaluate)

    export = commands.add_parser("export", help="write a run's best model with one bit a weight, to use without Aesara")
    export.add_argument("run", metavar="RUN", help="the folder of a run, as 'run' prints it")
    export.add_argument("--out", required=True, metavar="FILE.safetensors", help="file to write")
    export.set_defaults(command=_export)

    report = commands.add_parser("report", help="write the report on all runs: OUT/index.html and OUT/report.md")
    which = report.add_mutually_exclusive_group()
    _runs_option(which)
    sides = "set two folders of runs side by side instead: OUT/compare.html and OUT/compare.md"
    which.add_argument("--compare", nargs=2, metavar=("A", "B"), help=sides)
    report.add_argument("--out", default="report", metavar="DIR", help="folder to write to (default: %(default)s)")
    report.set_defaults(command=_report)

    cells = commands.add_parser("cells", help="list each cell of Tables 1-4: the paper's number, ours, state, command")
    _runs_option(cells)
    cells.set_defaults(command=_cells)

    data = commands.add_parser("data", help="list, prepare or verify data sets")
    data.add_argument("action", choices=("list", "prepare", "verify"))
    data.add_argument("name", nargs="?", metavar="NAME", help="a data set; list and verify take all if it is left out")
    _data_option(data)
    where = "folder or file to prepare from instead of a download, plain or .gz"
    data.add_argument("--from", dest="from_path", metavar="PATH", help=where)
    _unofficial_option(data)
    data.set_defaults(command=_data)

    theano = commands.add_parser("theano", help="run a script of Theano's and Lasagne's era as it is, Python 2 or 3")
    theano.add_argument("--backend", choices=("c", "jax"), help="default: c, unless a GPU is requested")
    theano.add_argument("--device", choices=("cpu", "gpu"), help="default: as THEANO_FLAGS and .theanorc say")
    version = "the script's Python version (default: %(default)s, decided for each file by its content)"
    theano.add_argument("--python", choices=("auto", "2", "3"), default="auto", help=version)
    theano.add_argument("script", metavar="SCRIPT.py")
    theano.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help="arguments of the script")
    theano.set_defaults(command=_theano)

    doctor = commands.add_parser("doctor", help="check what works on this machine, and say what to do about the rest")
    _data_option(doctor)
    doctor.set_defaults(command=_doctor)
    return top


def _experiment_options(command):
    command.add_argument("experiment", metavar="EXPERIMENT", help="digits (no download), mnist, …")
    known = "; ".join(f"{method.name}: {method.help}" for method in METHODS.values())
    command.add_argument("--method", required=True, help=known)
    command.add_argument("--seed", type=int, default=1234, help="default: %(default)s, as in the released scripts")
    _backend_options(command)
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting")
    _data_option(command)
    _unofficial_option(command)


def _backend_options(command, default="auto"):
    command.add_argument("--backend", default="auto", choices=("auto", "c", "jax"), help=f"default: {default}")
    command.add_argument("--device", default="auto", choices=("auto", "cpu", "gpu"), help="default: %(default)s")


def _data_option(command):
    default = os.environ.get("PYLEARN2_DATA_PATH") or "data"
    where = "folder of prepared data (default: $PYLEARN2_DATA_PATH, else data)"
    command.add_argument("--data", default=default, metavar="DIR", help=where)


def _unofficial_option(command):
    command.add_argument("--allow-unofficial", action="store_true", help="accept files that are not the official ones")


def _runs_option(command):
    command.add_argument("--runs", nargs="+", metavar="DIR", help="folders of runs (default: runs and results)")


def minutes(text):
    """A time on the command line; if it is invalid, argparse's message names this function."""
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError
    return value


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
    from reproduce.runs.progress import Screen

    if options.backend == "auto" and options.device != "gpu":
        options.backend = runs.backend_begun(options.runs, experiment, options.seed)
    backend = _backend(options, experiment)
    run = runs.Run(experiment, options.seed, backend, options.runs, _portable(argv))
    title = f"{experiment.folder} {experiment.method.name} seed {options.seed}"
    with run.held():
        record = run.execute(
            options.data, options.allow_unofficial, Screen(title), options.restart, stop, options.checkpoint_minutes
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
    sweeping = sweep.Sweep(sweep.passed_on(options), options.jobs, stop)
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
    print(json.dumps(found.as_dict(), indent=1) if options.json else found)


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

    if options.compare:
        found = report.comparison.compare(*options.compare)
        page = report.comparison.write(found, options.out)
        print(report.comparison.summary(found))
        print(f"comparison: {page.resolve()}")
        return
    results = report.collect(_runs_folders(options))
    page = report.write(results, options.out)
    print(report.summary(results))
    print(f"report: {page.resolve()}")


def _cells(options, argv):
    from reproduce import report

    print(report.format_cells(report.collect(_runs_folders(options))))


def _data(options, argv):
    names = catalog.DATA_SETS
    chosen = [catalog.get(options.name)] if options.name else list(names.values())
    if options.from_path is not None and options.action != "prepare":
        raise UserError(f"--from works with 'data prepare' only, not with 'data {options.action}'; leave it out")
    if options.action == "list":
        for source in chosen:
            print(f"{source.name:16}{source.state(options.data):32}{source.description}")
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
            print(f"error: {one_line(error)}", file=sys.stderr)
            damaged = 2
    return damaged


def _theano(options, argv):
    from reproduce import era

    return era.run(options.script, options.arguments, options.python, options.backend, options.device)


def _doctor(options, argv):
    from reproduce.doctor import examine

    for line in examine(options.data):
        print(line)


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
    """`argv` without the options that do not describe the run: those of `UNRECORDED`, and --restart."""
    kept, skip = [], False
    for word in argv:
        if skip:
            skip = False
        elif word in UNRECORDED:
            skip = True
        elif word.partition("=")[0] not in UNRECORDED and word != "--restart":
            kept.append(word)
    return kept
