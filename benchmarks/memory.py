"""Runs a command and prints its peak memory, that of its largest process, and its time.

    python benchmarks/memory.py [--name NAME --out FILE.json] -- COMMAND [ARGUMENT …]

With --out the measurement is added to the file under its name, with the machine and the versions of the software. It
has processor time and wall time, because only the former is meaningful while the machine has other work.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--name", help="of the measurement in FILE.json (default: the command)")
    parser.add_argument("--out", metavar="FILE.json", type=Path)
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args()
    found = measure(options.command)
    print(
        f"peak memory {found['peak_bytes'] / 1e9:.3f} GB, {found['wall_s']:.1f} s by the clock, "
        f"{found['processor_s']:.1f} s of processor time, exit code {found['exit_code']}",
        file=sys.stderr,
    )
    if options.out:
        add(options.out, options.name or " ".join(options.command), found)
    return found["exit_code"]


def measure(command):
    """Run `command` to its end and return what it took."""
    began = time.monotonic()
    code = subprocess.run(command).returncode
    wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "command": command,
        "peak_bytes": 1024 * used.ru_maxrss,  # Linux counts in KiB
        "wall_s": round(wall, 2),
        "processor_s": round(used.ru_utime + used.ru_stime, 2),
        "exit_code": code,
    }


def add(path, name, found):
    """Add what was found to the record at `path`, with the machine and the versions of the software."""
    from datasets.storage.files import write_text
    from reproduce.runs import provenance

    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[name] = found | {"device": provenance.processor(), "software": provenance.software()}
    write_text(path, json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
