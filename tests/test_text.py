import math

import mock_cupy
import numpy as np
import pytest

from course_lib import functions, text
from course_lib.backend import Rng, asarray, asnumpy, use_backend
from course_lib.cells import GRU, LSTM, RNN, Output, kernels
from course_lib.text import Vocabulary, batches, bits_per_char, evaluate, perplexity, sample
from course_lib.training import truncated_bptt

TEXT = "to be, or not to be – ‘that’ is\nthe 🎲 question"
CELLS = [RNN, LSTM, GRU]


@pytest.fixture(autouse=True)
def plain_kernels():
    """The same everywhere; that the others compute the same is checked with the cells."""
    with kernels.use("plain"):
        yield


def network(kind, size, H=5, dtype="float32", scale=0.5):
    rng = Rng(3)
    cell, output = kind(size, H, rng, dtype), Output(H, size, rng, dtype)
    for parameter in (cell.params | output.params).values():
        parameter += rng.normal(parameter.shape, scale, dtype)
    return cell, output


# ------------------------------------------------------------------------------------------------- vocabulary


def test_a_vocabulary_is_the_sorted_characters(xp_backend):
    vocabulary = Vocabulary("hello")
    assert vocabulary.characters == "ehlo" and len(vocabulary) == 4
    ids = vocabulary.encode("hello")
    assert isinstance(ids, xp_backend.ndarray) and ids.dtype == "int64"
    assert asnumpy(ids).tolist() == [1, 0, 2, 2, 3]
    assert vocabulary.decode(ids) == "hello"
    assert vocabulary.decode([3, 2]) == "ol"


@pytest.mark.parametrize("part", [TEXT, "", "t", "🎲\n’"])
def test_what_is_encoded_can_be_decoded(part):
    vocabulary = Vocabulary(TEXT)
    ids = vocabulary.encode(part)
    assert ids.shape == (len(part),) and vocabulary.decode(ids) == part
    assert [vocabulary.characters[k] for k in ids] == list(part)


def test_half_of_a_pair_is_a_character_like_others():
    assert Vocabulary("a\ud83c").decode([1, 0]) == "\ud83ca"


@pytest.mark.parametrize("character", ["A", "é", "🎲", "\x00"])
def test_unknown_characters_are_named(character):
    vocabulary = Vocabulary("hello")
    with pytest.raises(ValueError) as error:
        vocabulary.encode(f"he{character}lo{character}")
    assert f"text holds {character!r} at index 2, which is not among the 4 characters" in str(error.value)


def test_bad_texts_and_numbers_are_refused():
    with pytest.raises(ValueError, match="text is empty"):
        Vocabulary("")
    for wrong in (b"hello", 3, None, ["h"]):
        with pytest.raises(TypeError, match=f"text is a {type(wrong).__name__}; it has to be a string"):
            Vocabulary(wrong)
        with pytest.raises(TypeError, match="it has to be a string"):
            Vocabulary("hello").encode(wrong)
    for wrong in (np.zeros(2), np.zeros((2, 2), int), 1):
        with pytest.raises(ValueError, match=r"expected \(N,\) whole numbers"):
            Vocabulary("hello").decode(wrong)
    for wrong in ([0, 4], [-1]):
        with pytest.raises(ValueError, match=r"ids go from -?\d to -?\d, but there are characters 0 to 3"):
            Vocabulary("hello").decode(wrong)


# ---------------------------------------------------------------------------------------------------- batches


def test_each_sequence_is_a_part_of_the_text(xp_backend):
    ids = asarray(np.arange(12))
    x, y = batches(ids, 3)
    assert x.shape == y.shape == (3, 3) and x.flags.c_contiguous and y.flags.c_contiguous
    assert asnumpy(x).T.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert asnumpy(y).T.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def follows(x, y):
    """Whether y is the next of x everywhere, and each sequence goes on where the one before stops."""
    after = np.concatenate([x[1:], np.append(x[0, 1:], y[-1, -1])[None]])
    return (y == after).all()


@pytest.mark.parametrize(("n", "B"), [(2, 1), (50, 1), (51, 7), (50, 7), (49, 7), (8, 7), (1001, 32)])
def test_targets_are_one_ahead(n, B):
    ids = Rng(0).generator.permutation(n)
    x, y = batches(ids, B)
    T = (n - 1) // B
    assert x.shape == (T, B) and follows(x, y)
    assert x[0, 0] == ids[0] and y[-1, -1] == ids[T * B]
    assert n - 1 - T * B < B  # what is left out


def test_wrong_batches_would_be_noticed():
    ids = Rng(0).generator.permutation(50)
    x, y = batches(ids, 7)
    assert not follows(x, x)
    assert not follows(y, x)
    assert not follows(ids[:49].reshape(7, 7), ids[1:50].reshape(7, 7))  # time along the wrong axis
    rolled = np.roll(x, -1, axis=0)  # the end of each sequence followed by its own start
    assert not follows(x, rolled)


def test_chunks_go_on_where_the_last_one_stopped():
    """The loss with the state carried is that of the text read in one go."""
    vocabulary = Vocabulary(TEXT)
    x, y = batches(vocabulary.encode(TEXT * 3), 4)
    for kind in CELLS:
        cell, output = network(kind, len(vocabulary), dtype="float64")
        o, _ = output.forward(cell.forward(x)[0])
        in_chunks = sum(loss for loss, _, _ in truncated_bptt(cell, output, x, y, steps=10))
        assert in_chunks == pytest.approx(functions.cross_entropy(o, y), rel=1e-12)


def test_bad_batches_are_refused():
    with pytest.raises(TypeError, match="ids is a list"):
        batches([1, 2, 3], 1)
    for wrong in (np.zeros(5), np.zeros((2, 3), int)):
        with pytest.raises(ValueError, match=r"expected \(N,\) whole numbers"):
            batches(wrong, 1)
    for wrong in (0, -1, 2.0, "2"):
        with pytest.raises(ValueError, match="it has to be a whole number of at least 1"):
            batches(np.arange(9), wrong)
    for n, B in ((0, 1), (1, 1), (4, 4)):
        with pytest.raises(ValueError, match=f"a text of {n} characters is too short for {B} sequences"):
            batches(np.arange(n), B)


# --------------------------------------------------------------------------------------------------- evaluate


@pytest.mark.parametrize("kind", CELLS)
def test_evaluate_is_the_mean_over_the_text(kind, xp_backend, monkeypatch):
    vocabulary = Vocabulary(TEXT)
    cell, output = network(kind, len(vocabulary))
    ids = vocabulary.encode(TEXT)

    log_p = []
    for end in range(1, len(ids)):  # each character from all before it
        o, _ = output.forward(cell.forward(ids[:end, None])[0])
        p = asnumpy(functions.softmax(o))[-1, 0]
        log_p.append(math.log(p[int(asnumpy(ids)[end])]))
    expected = -sum(log_p) / len(log_p)

    nats = evaluate(cell, output, ids)
    assert isinstance(nats, float) and nats == pytest.approx(expected, rel=1e-5)
    monkeypatch.setattr(text, "_CHUNK", 7)
    assert evaluate(cell, output, ids) == pytest.approx(expected, rel=1e-5)

    x, y = batches(ids, 3)
    o, _ = output.forward(cell.forward(x)[0])
    side_by_side = float(functions.cross_entropy(o, y)) / len(x)
    assert evaluate(cell, output, ids, B=3) == pytest.approx(side_by_side, rel=1e-5) != nats


def test_evaluate_waits_once():
    with mock_cupy.installed(), use_backend("cupy"):
        vocabulary = Vocabulary(TEXT * 20)
        cell, output = network(LSTM, len(vocabulary))
        ids = vocabulary.encode(TEXT * 20)
        mock_cupy.syncs.clear()
        evaluate(cell, output, ids)
        assert len(mock_cupy.syncs) == 1


def test_a_network_that_knows_nothing_is_as_good_as_guessing():
    vocabulary = Vocabulary(TEXT)
    V = len(vocabulary)
    cell, output = RNN(V, 3, Rng(0)), Output(3, V, Rng(0))
    output.params["V"][...] = 0
    nats = evaluate(cell, output, vocabulary.encode(TEXT))
    assert nats == pytest.approx(math.log(V), rel=1e-6)
    assert perplexity(nats) == pytest.approx(V, rel=1e-5)


# ----------------------------------------------------------------------------------------------------- units


def test_units_of_loss(xp_backend):
    assert bits_per_char(math.log(2)) == 1
    assert bits_per_char(math.log(256)) == pytest.approx(8)
    assert perplexity(0.0) == 1
    assert perplexity(math.log(65)) == pytest.approx(65)
    nats = asarray(np.log([[1.0, 2], [4, 8]]))
    np.testing.assert_allclose(asnumpy(bits_per_char(nats)), [[0, 1], [2, 3]], atol=1e-15)
    np.testing.assert_allclose(asnumpy(perplexity(nats)), [[1, 2], [4, 8]])
    assert perplexity(math.log(2)) == pytest.approx(2 ** bits_per_char(math.log(2)))


# ---------------------------------------------------------------------------------------------------- sample


def table(rows):
    """A network that remembers nothing: after character j comes k with the probability rows[j][k]."""
    V = len(rows)
    cell, output = RNN(V, V, Rng(0), "float64"), Output(V, V, Rng(0), "float64")
    for name, value in {"U": 20 * np.eye(V), "W": np.zeros((V, V))}.items():
        cell.params[name][...] = asarray(value)
    with np.errstate(divide="ignore"):
        output.params["V"][...] = asarray(np.maximum(np.log(rows), -1e4).T)
    return cell, output


ROWS = np.array([[0, 1, 0], [0.1, 0.2, 0.7], [0.5, 0.25, 0.25]])
ABC = Vocabulary("abc")


def counts(drawn):
    """How often each character comes after b."""
    after = [drawn[k + 1] for k in range(len(drawn) - 1) if drawn[k] == "b"]
    return np.array([after.count(c) for c in "abc"]) / len(after)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_characters_come_as_often_as_the_network_says(temperature):
    drawn = sample(*table(ROWS), ABC, "a", 6000, temperature, Rng(0))
    assert len(drawn) == 6000 and drawn[0] == "b" and "aa" not in drawn and "ac" not in drawn
    expected = ROWS[1] ** (1 / temperature)
    expected /= expected.sum()
    np.testing.assert_allclose(counts(drawn), expected, atol=0.03)
    wrong = ROWS[1] ** temperature / (ROWS[1] ** temperature).sum()  # multiplied by the temperature
    if temperature != 1:
        assert abs(counts(drawn) - wrong).max() > 0.1


def test_without_temperature_the_likeliest_comes(xp_backend):
    cell, output = table(ROWS)
    assert sample(cell, output, ABC, "b", 7, 0, Rng(0)) == "cabcabc"
    assert sample(cell, output, ABC, "b", 7, 1e-30, Rng(0)) == "cabcabc"


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("temperature", [0, 1])
def test_the_state_is_that_of_all_that_was_read(kind, temperature, xp_backend):
    """One by one as in one go: what was drawn is read again from the start each time."""
    vocabulary = Vocabulary(TEXT)
    cell, output = network(kind, len(vocabulary), scale=2)
    drawn = sample(cell, output, vocabulary, "to be", 20, temperature, Rng(7))

    rng, whole = Rng(7), "to be"
    for _ in range(20):
        o = output.forward(cell.forward(vocabulary.encode(whole)[:, None])[0])[0][-1:]
        k = rng.choice(functions.softmax(o)) if temperature else o.argmax(axis=-1)
        whole += vocabulary.decode(k[0])
    assert drawn == whole[5:]
    assert drawn != sample(cell, output, vocabulary, "e", 20, temperature, Rng(7))  # the prompt is read


def test_the_same_seed_gives_the_same_text(xp_backend):
    cell, output = table(ROWS)
    first, second, other = (sample(cell, output, ABC, "a", 50, 1, Rng(seed)) for seed in (1, 1, 2))
    assert first == second != other
    assert sample(cell, output, ABC, "a", 0, 1, Rng(0)) == ""


def test_backends_draw_the_same():
    ours = sample(*table(ROWS), ABC, "a", 100, 1, Rng(0))
    with mock_cupy.installed(), use_backend("cupy"):
        assert sample(*table(ROWS), ABC, "a", 100, 1, Rng(0)) == ours


def test_sampling_waits_at_the_end_only():
    with mock_cupy.installed(), use_backend("cupy"):
        cell, output = table(ROWS)
        waited = []
        for n in (2, 40):
            mock_cupy.syncs.clear()
            sample(cell, output, ABC, "a", n, 1, Rng(0))
            waited.append(len(mock_cupy.syncs))
        assert waited[0] == waited[1] == 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"prompt": ""}, ValueError, "prompt is empty; the network has to read one character at least"),
        ({"prompt": b"a"}, TypeError, "prompt is a bytes; it has to be a string"),
        ({"prompt": "x"}, ValueError, "text holds 'x' at index 0"),
        ({"n": -1}, ValueError, "n is -1; it has to be a whole number of at least 0"),
        ({"n": 2.0}, ValueError, "n is 2.0"),
        ({"temperature": -0.5}, ValueError, "temperature is -0.5; it has to be 0 or above"),
        ({"temperature": math.nan}, ValueError, "temperature is nan"),
        (
            {"vocabulary": Vocabulary("ab")},
            ValueError,
            "the cell has inputs for 3 characters, but the vocabulary has 2",
        ),
        ({"output": Output(3, 4, Rng(0), "float64")}, ValueError, "the output layer has outputs for 4 characters"),
    ],
)
def test_bad_samples_are_refused(change, error, message):
    cell, output = table(ROWS)
    good = {"vocabulary": ABC, "output": output, "prompt": "a", "n": 3, "temperature": 1, "rng": Rng(0)}
    with pytest.raises(error, match=message):
        sample(cell, **good | change)
