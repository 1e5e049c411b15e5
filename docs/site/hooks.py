"""MkDocs's hooks: what GitHub shows and MkDocs would not.

A link that leaves docs/ leads on GitHub to the file in the repository. A site has only what is in docs/, so the linked
files join it in the folder `repository`: Markdown as pages, all else as it is. A link to a folder leads to its
README.md; without one only its text stays. MkDocs then checks the changed links as it checks all others.
"""

import posixpath
import re
from pathlib import Path
from urllib.parse import quote, unquote

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()#\s:]+)(#[^()\s]*)?\)")
"""Text, path and anchor of a link within the repository."""
ROW = re.compile(r"^\|.*", re.MULTILINE)
CODE = re.compile(r"`[^`]*`")


def in_site(path):
    """The place in the site of a file, by its path in the repository."""
    return path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}"


def in_repository(uri):
    """The path in the repository of a file, by its place in the site."""
    return uri.removeprefix("repository/") if uri.startswith("repository/") else f"docs/{uri}"


def target(page, link):
    """The path to which `link` leads on the page at the path `page`; None for a folder without a README.md."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(link)))
    if not (ROOT / path).is_dir():
        return path
    readme = posixpath.normpath(posixpath.join(path, "README.md"))
    return readme if (ROOT / readme).is_file() else None


def linked(pages):
    """The paths of all files outside docs/ that these pages lead to, directly or by Markdown pages among such files."""
    found, waiting = set(), list(pages)
    while waiting:
        page = waiting.pop()
        for _, link, _ in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
            path = target(page, link)
            if path and not path.startswith("docs/") and (ROOT / path).is_file() and path not in found:
                found.add(path)
                if path.endswith(".md"):
                    waiting.append(path)
    return sorted(found)


def shown(markdown, uri):
    """The Markdown of the page `uri` with links to places in the site, without the pipes that GitHub needs escaped."""

    def changed(match):
        text, link, anchor = match.groups()
        path = target(in_repository(uri), link)
        if path is None:
            return text
        return f"[{text}]({quote(posixpath.relpath(in_site(path), posixpath.dirname(uri) or '.'))}{anchor or ''})"

    markdown = ROW.sub(lambda row: CODE.sub(lambda code: code[0].replace(r"\|", "|"), row[0]), markdown)
    return LINK.sub(changed, markdown)


def on_files(files, config):
    """Add the files that pages lead to."""
    from mkdocs.structure.files import File

    for path in linked(in_repository(page.src_uri) for page in files.documentation_pages()):
        files.append(File.generated(config, in_site(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown, page, **_):
    """Prepare a page for MkDocs."""
    return shown(markdown, page.file.src_uri)
