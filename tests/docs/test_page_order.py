"""Pages that run much are spread over the processes that read them."""

import sys
from types import SimpleNamespace

from settings import ROOT

sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import page_order


def test_every_share_has_its_part_of_the_work(tmp_path):
    blocks = {f"page-{i:02}": i // 5 for i in range(40)}
    for name, count in blocks.items():
        (tmp_path / name).write_text("# A\n" + "```{command}\nls\n```\n" * count)
    pages = sorted(blocks)
    page_order.spread(None, SimpleNamespace(doc2path=lambda page: tmp_path / page), pages)
    assert sorted(pages) == sorted(blocks)
    size = len(pages) // page_order.SHARES
    work = [
        sum(blocks[page] for page in pages[i * size : (i + 1) * size])
        for i in range(page_order.SHARES)
    ]
    assert max(work) - min(work) <= max(blocks.values())


def test_blocks_of_notebooks_count(tmp_path):
    path = tmp_path / "one.ipynb"
    path.write_text('{"cells": [{"cell_type": "code"}, {"cell_type": "markdown"}]}')
    env = SimpleNamespace(doc2path=lambda page: tmp_path / page)
    (tmp_path / "plain").write_text("text\n```yaml\n```\n")
    pages = ["plain", "one.ipynb"]
    page_order.spread(None, env, pages)
    assert pages == ["one.ipynb", "plain"]
