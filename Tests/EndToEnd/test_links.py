"""Every link of the pages leads somewhere: a file or folder of the project, and a heading of a page."""

import re
import subprocess

import pages

LINK = re.compile(r"(?<!`)!?\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```$", re.M | re.S)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
# A page that a text names, in a comment or in another page.
MENTION = re.compile(r"(?<![\w./:-])((?:docs|Benchmarks|samples)/[\w./-]+\.md)(#[\w-]+)?")
TEXT = {".md", ".swift", ".py", ".yaml", ".yml", ".h", ".c", ".cpp", ".service", ""}


def files():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=pages.PROJECT,
                            capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for path in listed if (pages.PROJECT / path).is_file()]


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    found = {}
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = found.get(name, 0)
        found[name] = count + 1
        if count:
            found[f"{name}-{count}"] = 1
    return set(found)


def problem(page, link):
    """Why a link of a page leads nowhere, or nothing."""
    if re.match(r"[a-z]+:", link):
        return None
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.is_relative_to(pages.PROJECT) or not target.exists():
        return "no such file"
    if anchor and anchor not in anchors(target.read_text()):
        return "no such heading"
    return None


def test_every_link_of_the_pages_leads_somewhere():
    broken, count = [], 0
    for name in files():
        if not name.endswith(".md"):
            continue
        page = pages.PROJECT / name
        for link in LINK.findall(FENCE.sub("", page.read_text())):
            count += 1
            why = problem(page, link)
            if why:
                broken.append(f"{name}: {link}: {why}")
    assert count > 100, "links are not seen"
    assert not broken, "\n".join(broken)


def test_every_page_that_a_text_names_is_there():
    broken = []
    for name in files():
        path = pages.PROJECT / name
        # The rules' own tests name pages that are not there.
        if path.suffix in TEXT and not name.startswith("Tests/HouseTests/") and name != "Tests/EndToEnd/test_links.py":
            for page, anchor in MENTION.findall(path.read_text(errors="ignore")):
                why = problem(pages.PROJECT / "README.md", page + anchor)
                if why:
                    broken.append(f"{name}: {page}{anchor}: {why}")
    assert not broken, "\n".join(broken)


def test_every_page_is_linked():
    """From the first page a reader gets to all of them."""
    reached, waiting = set(), [pages.PROJECT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for link in LINK.findall(FENCE.sub("", page.read_text())):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists():
                waiting.append(target)
    unreached = [name for name in files() if name.endswith(".md") and pages.PROJECT / name not in reached
                 and not name.startswith("Benchmarks/results/")]
    assert not unreached, unreached


def test_broken_links_are_seen(tmp_path):
    assert anchors("# A b\n## `c --d`: e\n## A b\n```\n# not\n```\n") == {"a-b", "c---d-e", "a-b-1"}
    readme = pages.PROJECT / "README.md"
    assert problem(readme, "docs/NOWHERE.md") == "no such file"
    assert problem(readme, "docs/FILES.md#nowhere") == "no such heading"
    assert problem(readme, "docs/FILES.md#the-tree") is None
    assert problem(readme, "../outside.md") == "no such file"
    assert problem(readme, "https://example.com/x") is None
