"""Where the documentation is."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "original_configs" / "README.md", *sorted(DOCS.glob("*.md"))]
