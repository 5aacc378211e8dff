"""Inputs for the five exercises: what a student sees, and one more."""

from course_lib.grading.keys import cases, hide, show


@cases("sigmoid")
def _(rng):
    yield show("values", x=rng.normal(size=3))
    yield hide("values", x=rng.normal(size=2))


def _network(rng):
    return {"W": rng.normal(size=(3, 4)), "U": rng.normal(size=(4, 4)), "b": rng.normal(size=4)}


@cases("step")
def _(rng):
    for case in (show, hide):
        yield case("values", **_network(rng), x=rng.normal(size=(2, 3)), h=rng.normal(size=(2, 4)))


@cases("unroll")
def _(rng):
    for case in (show, hide):
        yield case("values", **_network(rng), X=rng.normal(size=(50, 8, 3)))


@cases("clip")
def _(rng):
    yield show("values", g=rng.normal(size=100), c=1.0)
    yield hide("values", g=rng.normal(size=100), c=2.0)


@cases("softmax")
def _(rng):
    yield show("values", x=rng.normal(size=(2, 4)))
    yield hide("values", x=rng.normal(size=(3, 5)))
