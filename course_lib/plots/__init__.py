"""Every figure of the notebooks: a function of numbers that returns a matplotlib Figure, and `show`.

A colour has one meaning in the whole course (the palette is Okabe and Ito's, told apart with any colour vision),
and never carries it alone: shape, position or a label says the same. Each figure has ``figure.alt``, a sentence
that says what there is to see; `show` stores it beside the picture.

Matplotlib is imported when the first figure is drawn. pyplot is not used, so no figure has to be closed.
"""

from course_lib.plots.bptt import (
    contributions,
    cost_of_length,
    difference_errors,
    forward_reverse,
    gradient_copies,
    gradient_paths,
)
from course_lib.plots.equivalence import parameter_bars, state_gaps, step_cuts
from course_lib.plots.gates import cell_paths, gate_traces, half_life, memory_paths, recall_curves
from course_lib.plots.gru import between, gru_cell, reset_positions, update_limits
from course_lib.plots.jacobians import chain, eigenvalue_plane, gradient_flow, radius_flow, singular_values, squashing
from course_lib.plots.lstm import candidates, gated_memory, gated_sensitivity, lstm_cell
from course_lib.plots.memory import (
    against_chance,
    arrivals,
    error_by_length,
    flows,
    kept_and_known,
    solved_grid,
    trial_curves,
)
from course_lib.plots.style import bundle, show, watched
from course_lib.plots.tasks import (
    answered,
    constant_answer,
    copied_symbols,
    loss_by_step,
    marked_numbers,
    measured_guesses,
    remembered,
    symbol_grid,
    task_spans,
)
from course_lib.plots.text import coloured_text, errors_ahead, letter_steps, temperatures, text_curves
from course_lib.plots.training import training_curves
from course_lib.plots.truncation import (
    context_losses,
    cut_paths,
    gradient_agreement,
    left_out,
    next_tables,
    pair_cuts,
    position_losses,
    text_rows,
)
from course_lib.plots.unrolling import causality, next_character, states, unrolled
from course_lib.plots.vanishing import (
    cliff_paths,
    cliff_surface,
    clipped_directions,
    learning_curves,
    over_time,
    sensitivity,
    step_ratios,
)

__all__ = [
    "against_chance",
    "answered",
    "arrivals",
    "between",
    "bundle",
    "candidates",
    "causality",
    "cell_paths",
    "chain",
    "cliff_paths",
    "cliff_surface",
    "clipped_directions",
    "coloured_text",
    "constant_answer",
    "context_losses",
    "contributions",
    "copied_symbols",
    "cost_of_length",
    "cut_paths",
    "difference_errors",
    "eigenvalue_plane",
    "error_by_length",
    "errors_ahead",
    "flows",
    "forward_reverse",
    "gate_traces",
    "gated_memory",
    "gated_sensitivity",
    "gradient_agreement",
    "gradient_copies",
    "gradient_flow",
    "gradient_paths",
    "gru_cell",
    "half_life",
    "kept_and_known",
    "learning_curves",
    "left_out",
    "letter_steps",
    "loss_by_step",
    "lstm_cell",
    "marked_numbers",
    "measured_guesses",
    "memory_paths",
    "next_character",
    "next_tables",
    "over_time",
    "pair_cuts",
    "parameter_bars",
    "position_losses",
    "radius_flow",
    "recall_curves",
    "remembered",
    "reset_positions",
    "sensitivity",
    "show",
    "singular_values",
    "solved_grid",
    "squashing",
    "state_gaps",
    "states",
    "step_cuts",
    "step_ratios",
    "symbol_grid",
    "task_spans",
    "temperatures",
    "text_curves",
    "text_rows",
    "training_curves",
    "trial_curves",
    "unrolled",
    "update_limits",
    "watched",
]
