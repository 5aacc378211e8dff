"""How well the networks predict the text, as text."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from measuring.words import NONE, bullets, digits, paragraph, table

from course_lib.text import bits_per_char, perplexity

Table = Mapping[str, np.ndarray]


def section(results: Table, setup: Mapping[str, str]) -> str:
    """The section of RESULTS.md.

    Args:
        results: as `course_lib.data.char_lm` returns it.
        setup: what to say of the machine, by name.
    """
    rows = [_row(results, name) for name in dict.fromkeys(results["name"].tolist())]
    header = ["network", "H", "B", "T", "iterations", "train", "held out", "bits", "perplexity", "seconds"]
    return "\n\n".join(
        [
            "## Predicting the next character",
            bullets(setup),
            paragraph(_TEXT),
            table([*header, "torch: held out", "seconds", "ratio"], rows),
        ]
    )


_TEXT = """Nats per character on the reference text: `train` is the mean over the last stage of training, and `held out`
the loss on the part that was held out, read in one go, also in bits and as a perplexity. Learning rates
were chosen among two or three for each network, by the loss on the held-out part: a little too kind to it. `seconds`
are those of the training alone, without the tests, on a CPU in processor time; torch began with the same parameters,
took the same chunks in the same order, and had its turn stage by stage; `ratio` is our time to torch's, below 1.00 is
faster. Its layers take no whole numbers: it gets one-hot rows. min-char-rnn is the published recipe: one chunk of 25
characters at a time, Adagrad, each element of the gradient between -5 and 5."""


def _row(results: Table, name: str) -> list[str]:
    ours, torch = (_one(results, name, library) for library in ("course_lib", "torch"))
    held_out, train = ours["held_out"][-1], np.split(ours["train"], len(ours["held_out"]))[-1].mean()
    figures = [f"{figure:.3f}" for figure in (train, held_out, bits_per_char(held_out), perplexity(held_out))]
    sizes = [str(ours[key]) for key in ("hidden_size", "B", "T", "iterations")]
    theirs = [NONE] * 3
    if torch:
        theirs = [f"{torch['held_out'][-1]:.3f}", digits(torch["seconds"]), digits(ours["seconds"] / torch["seconds"])]
    return [name, *sizes, *figures, digits(ours["seconds"]), *theirs]


def _one(results: Table, name: str, library: str) -> dict[str, Any]:
    """The row of a network, if it is there."""
    found = np.flatnonzero((results["name"] == name) & (results["library"] == library))
    columns = {key: column for key, column in results.items() if not key.startswith("sample")}
    return {key: column[found[0]] for key, column in columns.items()} if found.size else {}
