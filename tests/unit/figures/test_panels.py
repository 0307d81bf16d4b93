"""Notes, marks beyond an axis, and error bars on a logarithmic axis."""

import numpy as np
import pytest

from rlrecovery.figures import panels, style
from rlrecovery.figures.axes import fence
from rlrecovery.figures.layout import facets
from unit.figures.pages import notes


def test_values_beyond_the_axis_are_marked_at_its_edge_and_counted():
    values = np.r_[np.linspace(0, 1, 100), 1e6, -1e6, np.nan]
    limits = fence(values)
    axes = style.page(2, 2).subplots()
    count = panels.mark_beyond(axes, np.arange(103), values, "black", ylim=limits)
    assert count == 2
    assert [line.get_xdata().tolist() for line in axes.lines] == [[100], [101]]
    assert [line.get_marker() for line in axes.lines] == ["^", "v"]
    right = panels.mark_beyond(axes, [5, 1e9], [0.5, 0.5], "black", xlim=(0, 10))
    assert right == 1
    assert axes.lines[-1].get_marker() == ">"
    panels.note_beyond(axes, count, 103)
    assert notes(axes) == ["2 of 103 beyond axis"]
    panels.note_beyond(axes, 0, 103)
    assert len(notes(axes)) == 1, "nothing to note"


@pytest.mark.parametrize(("width", "breaks"), [(style.TWO_COLUMNS, 0), (style.ONE_COLUMN, 1)])
def test_parts_of_a_note_have_their_own_lines_in_a_narrow_panel(width, breaks):
    axes = facets(width, 1, 2)[0, 0]
    panels.note(axes, "1000 of 20000 beyond axis", "20 left out")
    assert notes(axes)[0].count("\n") == breaks


def test_bars_on_a_logarithmic_axis_end_above_zero():
    below, above = panels.positive_bars(np.array([1.0, 1.0]), np.array([0.5, 2.0]))
    assert below == pytest.approx([0.5, 0.999])
    assert above == pytest.approx([0.5, 2.0])
