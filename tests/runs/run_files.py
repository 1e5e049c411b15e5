"""What a run's folder holds but for times and processes, to compare two runs byte by byte."""

import csv
import json

from reproduce.runs import checkpoints

PROCESS = ("started", "device", "software", "argv", "resumed", "seconds")


def run_files(folder):
    """{file or array: content} of a run's `folder`; two runs that computed the same have the same."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name == "record.json":
            record = json.loads(path.read_text())
            found[path.name] = {key: value for key, value in record.items() if key not in PROCESS}
        elif path.name == "log.csv":
            with open(path, newline="") as file:
                found[path.name] = [{key: row[key] for key in row if key != "seconds"} for row in csv.DictReader(file)]
        elif path.suffix == ".h5":
            header, groups = checkpoints.load(path)
            found[path.name] = without_times(header)
            for group, arrays in groups.items():
                found |= {f"{path.name} {group} {name}": array.tobytes() for name, array in arrays.items()}
        else:
            found[path.name] = path.read_bytes()
    return found


def without_times(header):
    header = {key: value for key, value in header.items() if key != "processes"}
    if "progress" in header:
        progress = header["progress"] | {"seconds": None}
        progress["rows"] = [row | {"seconds": None} for row in progress["rows"]]
        header["progress"] = progress
    return header
