"""Which panels a page shows and where they stand."""

import itertools

import numpy as np

from rlrecovery.figures import style
from rlrecovery.figures.layout import facets


def test_two_long_rows_become_two_columns_on_one_journal_column():
    page = facets(style.ONE_COLUMN, 2, 3)
    positions = [page.positions[key] for key in ((0, 0), (1, 0), (0, 2))]
    assert positions == [(0, 0), (0, 1), (2, 0)]
    assert all(page.needs_title(0, j) and page.needs_ylabel(1, j) for j in range(3))
    broken = facets(style.ONE_COLUMN, 3, 3)
    assert broken.positions[1, 0] == (2, 0), "a row begins on a new line"


def test_titles_stand_above_columns_and_labels_before_rows():
    page = facets(style.TWO_COLUMNS, 2, 3)
    assert {key for key in page.positions if page.needs_title(*key)} == {(0, 0), (0, 1), (0, 2)}
    assert {key for key in page.positions if page.needs_ylabel(*key)} == {(0, 0), (1, 0)}


def test_panels_with_the_highest_priority_of_every_row_are_shown_and_the_others_counted():
    def priority(position):
        return np.nan if position == (1, 29) else position[1]

    existing = [key for key in itertools.product(range(3), range(30)) if key != (0, 0)]
    page = facets(style.TWO_COLUMNS, 3, 30, existing=existing, priority=priority)
    assert page.reflowed
    assert len(page.panels) == 24
    assert page.left_out == 89 - 24
    assert [j for i, j in page.positions if i == 0] == list(range(22, 30))
    assert [j for i, j in page.positions if i == 1] == list(range(21, 29)), "NaN is lowest"
    assert max(column for _, column in page.positions.values()) == 3
    assert page.figure.get_figheight() <= style.MAX_HEIGHT
    assert all(page.needs_title(*key) and page.needs_ylabel(*key) for key in page.positions)
    page.note_left_out("that matter most", "summary/table.csv")
    note = page.figure.get_suptitle().replace("\n", " ")
    assert note.startswith("24 of 89 panels")
    assert note.endswith("summary/table.csv")


def test_panels_that_all_exist_keep_their_rows_and_need_no_note():
    every = list(itertools.product(range(3), range(4)))
    page = facets(style.TWO_COLUMNS, 3, 4, existing=every)
    assert not page.reflowed
    assert page.positions == {key: key for key in every}
    page.note_left_out("that matter most", "summary/table.csv")
    assert page.figure.get_suptitle() == ""
