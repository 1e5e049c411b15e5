"""The page in headless Chromium: on a desk, on a phone and in the dark."""

import html as escaping
import re
import shutil
import subprocess

import matplotlib.image
import numpy as np
import pytest

from reproduce.report import comparison

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@pytest.fixture
def browse(tmp_path):
    """Run Chromium on a file with more flags and return what it printed."""
    browser = next((path for name in NAMES if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip(f"no browser is installed (looked for {', '.join(NAMES)}): the page was not looked at in one")

    def run(file, *flags):
        profile = tmp_path / f"profile-{len(list(tmp_path.glob('profile-*')))}"
        command = [browser, *FLAGS, f"--user-data-dir={profile}", *flags, file.resolve().as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    return run


@pytest.mark.parametrize("scheme, dark", [("light", False), ("dark", True)])
def test_it_is_painted_in_the_readers_scheme(browse, page, tmp_path, scheme, dark):
    picture = tmp_path / f"{scheme}.png"
    setting = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    browse(page, f"--screenshot={picture}", "--window-size=1200,2400", setting)
    pixels = matplotlib.image.imread(picture)[..., :3]
    assert pixels.shape == (2400, 1200, 3)
    background = pixels[3, 3].mean()
    assert background < 0.2 if dark else background > 0.9
    written = np.abs(pixels.mean(axis=2) - background) > 0.3
    assert written.mean() > 0.01
    # Text and figures reach down the page, and nothing runs over its right edge.
    assert written[:400].any() and written[1800:].any() and not written[:, -8:].any()


@pytest.fixture(scope="session")
def side_by_side(mnist_runs):
    """compare.html of `mnist_runs` beside its MNIST runs alone."""
    return comparison.write(comparison.compare(mnist_runs, mnist_runs / "mnist"), mnist_runs.parent / "report")


@pytest.mark.parametrize("name", ["page", "side_by_side"])
def test_a_phone_scrolls_down_only(browse, request, tmp_path, name):
    page = request.getfixturevalue(name)
    frame = tmp_path / "phone.html"
    inner = escaping.escape(page.read_text(encoding="utf-8"), quote=True)
    measure = (
        "const page = this.contentDocument.documentElement;"
        "document.body.dataset.widths = page.scrollWidth + ' ' + page.clientWidth"
    )
    frame.write_text(
        f'<!DOCTYPE html><body><iframe width="360" height="800" style="border: 0" onload="{measure}" srcdoc="{inner}">'
        "</iframe></body>",
        encoding="utf-8",
    )
    dom = browse(frame, "--dump-dom")
    scroll, client = map(int, re.search(r'data-widths="(\d+) (\d+)"', dom).groups())
    assert client == 360 and scroll <= client


def test_in_print_what_was_not_run_is_one_line_a_table(browse, page, tmp_path):
    """On paper nothing opens: of a fold its line is left, with the command, and not the cells in it."""
    pdf = tmp_path / "page.pdf"
    browse(page, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed: the printed page was not read")
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    assert "python -m reproduce sweep table2" in text and "--set network.filters=16" not in text
