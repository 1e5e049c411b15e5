"""What a command took, of commands that take a known amount."""

import json
import subprocess
import sys
from pathlib import Path

MEMORY = Path(__file__).resolve().parents[2] / "benchmarks" / "memory.py"


def test_peak_memory_and_exit_code_are_the_commands(tmp_path):
    out = tmp_path / "memory.json"
    for name, size, code in (("large", 300_000_000, 3), ("small", 1, 0)):
        command = [sys.executable, "-c", f"x = bytearray(b'1' * {size}); raise SystemExit({code})"]
        options = ["--name", name, "--out", str(out)]
        assert subprocess.run([sys.executable, MEMORY, *options, "--", *command]).returncode == code
    found = json.loads(out.read_text())
    assert 300_000_000 < found["large"]["peak_bytes"] < 1_000_000_000 and found["large"]["exit_code"] == 3
    assert found["small"]["peak_bytes"] < 100_000_000 and found["small"]["software"]["python"]
