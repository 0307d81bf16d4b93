"""What the data sets of a calibration depend on."""

from rlrecovery.calibration.generator import PriorGenerator
from unit.calibration.examples import generator


def test_plain_values_give_it_back():
    made = generator("partial", participants=4)
    assert PriorGenerator.of(made.plain()) == made
    assert made.setting().participants == 4


def test_seeds_depend_on_the_design_the_data_set_and_the_purpose_alone():
    def state(made, *key):
        return made.seed_sequence(*key).generate_state(1)[0]

    made = generator()
    first = state(made, 0, "trials")
    assert first == state(generator(point="median"), 0, "trials")
    others = [state(made, 1, "trials"), state(made, 0, "truth")]
    others += [state(generator(trials=11), 0, "trials"), state(generator("complete"), 0, "trials")]
    assert len({first, *others}) == 5
