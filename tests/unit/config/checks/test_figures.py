"""What the section ``figures`` gets wrong, each in one sentence."""

import pytest

from rlrecovery.commands.check import main
from rlrecovery.config.figure_names import CONDITIONS, available_figures, why_not
from rlrecovery.config.reader import parse
from rlrecovery.figures.catalogue import FIGURES
from unit.config.experiments import ROOT, changed, mistakes, sentences

COMPOSED = "figures.compose.two"


def with_figures(**keys):
    return changed({"figures": keys})


def two(*panels, **keys):
    """A config with a composed figure."""
    return with_figures(compose={"two": {"panels": list(panels)} | keys})


CASES = [
    (with_figures(colours=["oragne"]), "figures.colours[0]", "did you mean orange?"),
    (with_figures(colours=["#12345"]), "figures.colours[0]", 'must be "#rrggbb" or the name'),
    (with_figures(colours={"mel": "red"}), "figures.colours.mel", "did you mean mle?"),
    (with_figures(colours={"mle": None}), "figures.colours", "put # in quotes"),
    (with_figures(colours="red"), "figures.colours", "must be a list of colours"),
    (with_figures(formats=["gif"]), "figures.formats[0]", "must be svg, pdf, png, eps or tiff"),
    (with_figures(formats=["svg", "svg"]), "figures.formats[1]", 'repeats the value "svg"'),
    (with_figures(formats=["pdf"]), "figures.formats", "must include svg or png"),
    (with_figures(formats=[]), "figures.formats", "must not be empty"),
    (with_figures(size=2), "figures.size", "must be at least 5"),
    (with_figures(dpi=5000), "figures.dpi", "must be at most 1200"),
    (with_figures(widths={"one_column": 20}), "figures.widths.one_column", "must be at least 50"),
    (
        with_figures(widths={"one_column": 200}),
        "figures.widths.one_column",
        "must be at most the width of two columns",
    ),
    (
        with_figures(size=16, widths={"one_column": 80}),
        "figures.widths.one_column",
        "must be at least 88 with text of 16 points",
    ),
    (with_figures(compose={"all": {"panels": ["bias"]}}), "figures.compose.all", "another name"),
    (with_figures(font=""), "figures.font", "must not be empty"),
    (with_figures(style=3), "figures.style", "must be a Matplotlib style file"),
    (with_figures(style="none.mplstyle"), "figures.style", "none.mplstyle cannot be read"),
    (two("recvery"), f"{COMPOSED}.panels[0]", "did you mean recovery?"),
    (two("two"), f"{COMPOSED}.panels[0]", "a composed figure cannot be a panel"),
    (two("bias", "bias"), f"{COMPOSED}.panels[1]", 'repeats the figure "bias"'),
    (
        two("bias", "samplesize"),
        f"{COMPOSED}.panels[1]",
        "this study does not give: it has a single number of participants",
    ),
    (two(), f"{COMPOSED}.panels", "must not be empty"),
    (two(*list(CONDITIONS)[:13]), f"{COMPOSED}.panels", "must have at most 12 entries"),
    (two("bias", letters="B"), f"{COMPOSED}.letters", "must be A, a or none"),
    (
        two("bias", "rmse", "zip", columns=3, width=120),
        f"{COMPOSED}.columns",
        "gives panels of 40 mm on a width of 120 mm",
    ),
    (two("bias", "rmse", columns=1, height=50), f"{COMPOSED}.height", "leaves 25 mm for each"),
    (
        with_figures(compose={"bias": {"panels": ["rmse"]}}),
        "figures.compose.bias",
        "has the name of a figure of the report",
    ),
]


@pytest.mark.parametrize(("config", "path", "text"), CASES)
def test_a_wrong_value_is_one_sentence(config, path, text):
    assert mistakes(config) == [(path, text)]


def test_methods_that_fit_several_models_have_a_colour_for_each():
    config = {key: value for key, value in changed({}).items() if key != "methods"}
    source = {key: config.pop(key) for key in ("truth", "population")}
    models = [config.pop("model"), "win_stay_lose_shift"]
    config |= {"methods": {"mle": {"estimator": "mle"}}}
    config |= {"models": {"simulate": {models[0]: source}, "fit": models}}
    fits = [f"mle_{model}" for model in models]
    parse(config | {"figures": {"colours": dict.fromkeys(fits, "red")}})
    (sentence,) = sentences(config | {"figures": {"colours": {"mle": "red"}}})
    assert f"names no method of this study; it is shown as {', '.join(fits)}" in sentence


def test_text_that_is_larger_needs_wider_panels():
    panels = {"compose": {"two": {"panels": ["bias", "rmse", "zip"], "columns": 3}}}
    parse(with_figures(**panels))
    (sentence,) = sentences(with_figures(size=10, **panels))
    assert "with text of 10 points a panel needs 69 mm" in sentence


def test_a_study_with_other_mistakes_is_not_asked_for_its_figures():
    config = two("samplesize", "bias")
    config["methods"]["mle"]["model"] = "no_model"
    assert [path for path, _ in mistakes(config)] == ["methods.mle.model"]


def test_wrong_lines_of_a_style_file_are_named(tmp_path):
    (tmp_path / "my.mplstyle").write_text(
        'axes.spines.top: True  # comment\naxes.spine.left: True\nfont.size: "nine"\nlines\n'
        'axes.facecolor: "#ffffff"\n'
    )
    given = sentences(with_figures(style="my.mplstyle"), str(tmp_path / "config.yaml"))
    starts = [f"figures.style: line {n} of {tmp_path}/my.mplstyle: " for n in (2, 3, 4)]
    assert [text[: len(start)] for text, start in zip(given, starts, strict=True)] == starts
    assert "did you mean axes.spines.left?" in given[0]
    assert "font.size cannot be nine" in given[1]
    assert "must be written as name: value" in given[2]


def test_a_resolved_config_has_the_settings_of_its_style_file(tmp_path):
    file = tmp_path / "my.mplstyle"
    file.write_text('font.size: 9\naxes.facecolor: "#ffffff"\n')
    experiment = parse(with_figures(style="my.mplstyle"), str(tmp_path / "config.yaml"))
    values = {"font.size": "9", "axes.facecolor": "#ffffff"}
    assert experiment.resolved()["figures"]["style"] == {"file": "my.mplstyle", "values": values}
    assert experiment.figures.points == 9
    file.unlink()
    assert parse(experiment.resolved()) == experiment


def test_every_figure_of_the_catalogue_has_a_condition():
    assert list(CONDITIONS) == list(FIGURES)
    experiment = parse(changed({}))
    given = available_figures(experiment)
    for name in FIGURES:
        assert (why_not(experiment, name) is None) == (name in given)


def test_make_check_says_which_font_is_used_instead(tmp_path, capsys):
    text = (ROOT / "tests/config/mock.yaml").read_text()
    path = tmp_path / "config.yaml"
    for font, expected in (("No Such Font", True), ("dejavu serif", False)):
        path.write_text(f"{text}\nfigures: {{font: {font}}}\n")
        assert main([str(path)]) == 0
        printed = " ".join(capsys.readouterr().out.split())
        note = "note: figures.font: the font No Such Font is not installed here, so that figures"
        assert (note in printed) == expected


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("font.size: 0", "figures.style: font.size is 0, but must be from 5 to 16"),
        ("font.size: -8", "font.size is -8, but must be from 5 to 16"),
        ("font.size: 40", "font.size is 40, but must be from 5 to 16"),
        ("font.size: nan", "font.size is nan, but must be from 5 to 16"),
        ("backend: tkagg", "backend is not a matter of style; remove the line"),
        ("interactive: True", "interactive is not a matter of style; remove the line"),
        ("text.usetex: True", "text.usetex must be False"),
    ],
)
def test_style_files_with_which_nothing_can_be_drawn(tmp_path, line, sentence):
    style = tmp_path / "paper.mplstyle"
    style.write_text(f"{line}\n")
    (found,) = sentences(with_figures(style=str(style)))
    assert sentence in found


def test_a_style_file_may_say_that_text_is_not_latex(tmp_path):
    style = tmp_path / "paper.mplstyle"
    style.write_text("text.usetex: False\nfont.size: 16\n")
    assert parse(with_figures(style=str(style))).figures.points == 16
