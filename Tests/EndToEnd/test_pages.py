"""Every block of code on the pages is run by a test, or states why it is not."""

import pages

# Imported because they declare the blocks that they run.
import test_clients  # noqa: F401
import test_curve  # noqa: F401
import test_edge_page  # noqa: F401
import test_http_proxies  # noqa: F401
import test_python_client  # noqa: F401
import test_readme  # noqa: F401
import test_recipes  # noqa: F401

NOT_RUN = 2


def test_every_block_is_run_or_says_why_not():
    found = [block for page in pages.PAGES for block in pages.blocks(page)]
    fences = sum((pages.PROJECT / page).read_text().count("```") for page in pages.PAGES)
    assert fences == 2 * len(found), "a fence is not seen as a block"
    coded = [block for block in found if block.language]
    for block in coded:
        if block.language == "json":
            assert pages.json_texts(block), block
            continue
        assert block.mark, f"{block} is neither run nor marked"
    named = {(b.page, b.name) for b in coded if b.mark in ("run", "file")}
    assert len(named) == sum(b.mark in ("run", "file") for b in coded), "a name stands twice"
    assert named == set(pages.run_by_tests), "the pages and the tests do not name the same blocks"
    not_run = [b for b in coded if b.mark == "not run"]
    assert len(not_run) == NOT_RUN, [str(b) for b in not_run]
    print(f"{len(named)} blocks run, {len(not_run)} not: " + "; ".join(map(str, not_run)))
