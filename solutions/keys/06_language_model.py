"""Key of notebook 06: cases, known mistakes and other right answers."""

import math

import numpy as np

from course_lib.grading.keys import alternative, cases, hide, mistake, show


def _normal(rng, *shape, dtype="float64"):
    return rng.standard_normal(shape).astype(dtype)


def _rnn(rng, H, K, state=1.0, out=1.0, dtype="float64"):
    """An RNN of K characters; ``state`` is the size of what goes into tanh, ``out`` that of the logits."""
    params = {"U": state * _normal(rng, H, K), "W": state * _normal(rng, H, H) / math.sqrt(H), "b": _normal(rng, H) / 2}
    params |= {"V": out * _normal(rng, K, H), "c": out * _normal(rng, K)}
    return {name: value.astype(dtype) for name, value in params.items()}


# --- Exercise 1 --------------------------------------------------------------------------------------


@cases("bits_per_char")
def _(rng):
    def inputs(low, high, T, *shape):
        """Losses between low and high for each character."""
        loss = T * rng.uniform(low, high, shape)
        return {"loss": loss if shape else float(loss), "T": T}

    for test in ("bits", "perplexity"):
        yield show(test, **inputs(1.2, 2.5, 25))
        yield show(test, **inputs(0.5, 3.0, 4, 5))
        yield show(test, **inputs(1.5, 2.0, 2000))  # so many nats that exp of them is inf
        yield hide(test, **inputs(0.5, 4.0, 1))
        yield hide(test, **inputs(0.1, 4.0, 30, 2, 3))
        yield hide(test, **inputs(1.0, 3.0, 3000, 1))
        yield hide(test, loss=0.0, T=7)


@mistake("bits_per_char", "bits: your values are nats per character, loss / T. A nat is 1 / ln 2 bits: divide by np.log(2), too. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / T


@mistake("bits_per_char", "bits: your values are loss / ln 2, the bits of the whole sequence. Divide by T, too: the loss is a sum over T steps. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / np.log(2)


@mistake("bits_per_char", "bits: your values are loss · ln 2 / T. A bit is less than a nat, so it takes more of them: divide by np.log(2). See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / T * np.log(2)


@mistake("bits_per_char", "bits: your values are the loss per character divided by ln 10: that counts decimal digits, not bits. The logarithm of 2 is asked for, np.log(2). See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / (T * np.log(10))


@mistake("bits_per_char", "bits: the 2 has gone through log10 in your values. A nat is 1 / ln 2 bits, with the natural logarithm: np.log(2). See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / (T * np.log10(2))


@mistake("bits_per_char", "bits: your values are half the loss per character. A bit is not 2 nats: divide by ln 2, np.log(2). See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / (2 * T)


@mistake("bits_per_char", "bits: your values are the logarithm of the loss per character. The loss is a logarithm already: divide it by ln 2. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return np.log2(loss / T)


@mistake("bits_per_char", "bits: your values are the perplexity, e to the loss per character. Bits per character is the loss over T ln 2. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return np.exp(loss / T)


@mistake("bits_per_char", "bits: your values are 2 to the loss per character. Nothing is raised to a power here: divide by T and by ln 2. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return 2 ** (loss / T)


@mistake("bits_per_char", "bits: the sign is wrong. The loss has the minus of the cross entropy in it already: your values are below 0. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return -loss / (T * np.log(2))


@mistake("bits_per_char", "bits: the loss is multiplied by T where it has to be divided by it. It is a sum over T steps. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss * T / np.log(2)


@mistake("bits_per_char", "bits: you divide by T − 1. The sum has T terms, one for each character that is predicted. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / (max(T - 1, 1) * np.log(2))


@mistake("bits_per_char", "bits: you divide by T + 1. The sum has T terms, one for each character that is predicted. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / ((T + 1) * np.log(2))


@mistake("bits_per_char", "bits: an array of losses gives one number, their mean. Each loss has its own: divide the array. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return np.mean(loss) / (T * np.log(2))


@mistake("bits_per_char", "bits: an array of losses gives one number, their sum. Each loss has its own: divide the array. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return np.sum(loss) / (T * np.log(2))


@mistake("bits_per_char", "bits: an array of losses is divided by how many losses there are, too. Each of them is one sequence of T characters. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return loss / (T * np.log(2) * np.size(loss))


@mistake("bits_per_char", "bits: the values are cut off to whole numbers (//, int, np.floor?). A model may well need 2.3 bits per character.", fails=["bits"])
def bits_per_char(loss, T):
    return loss // (T * np.log(2))


@mistake("bits_per_char", "bits: the values are rounded up to whole numbers (np.ceil?). A model may well need 2.3 bits per character.", fails=["bits"])
def bits_per_char(loss, T):
    return np.ceil(loss / (T * np.log(2)))


@mistake("bits_per_char", "bits: the values are rounded to whole numbers. A model may well need 2.3 bits per character.", fails=["bits"])
def bits_per_char(loss, T):
    return np.round(loss / (T * np.log(2)))


@mistake("bits_per_char", "bits: right for small losses, but a loss of some thousand nats gives inf: exp of it is too large. No exp is needed: divide by T and by ln 2. See “Bits and perplexity”.", fails=["bits"])
def bits_per_char(loss, T):
    return np.log2(np.exp(loss)) / T


@mistake("bits_per_char", "bits: the values are right, but the array of losses is changed in place (/=). The caller still needs it: make a new one.", fails=["bits"])
def bits_per_char(loss, T):
    loss /= T * np.log(2)
    return loss


@mistake("bits_per_char", "perplexity: your values are 2 to the loss per character. The loss is in nats, so it is e to it, np.exp; 2 goes with bits. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return 2 ** (loss / T)


@mistake("bits_per_char", "perplexity: your values are e to the whole loss. It is a sum over T steps: divide by T first. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(loss)


@mistake("bits_per_char", "perplexity: your values are below 1, e to minus the loss per character: that is the mean probability (the geometric one). Perplexity is one over it. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(-loss / T)


@mistake("bits_per_char", "perplexity: your values are e to the bits per character. e goes with nats: np.exp of loss / T. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(loss / (T * np.log(2)))


@mistake("bits_per_char", "perplexity: your values are 10 to the loss per character. The loss is in nats, so it is e to it: np.exp. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return 10 ** (loss / T)


@mistake("bits_per_char", "perplexity: your values are e to the loss, divided by T afterwards. Divide inside of np.exp. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(loss) / T


@mistake("bits_per_char", "perplexity: your values are the loss per character itself. Perplexity is e to it. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return loss / T


@mistake("bits_per_char", "perplexity: your values are bits per character. Perplexity is e to the loss per character, in nats. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return loss / (T * np.log(2))


@mistake("bits_per_char", "perplexity: your values are 2 to loss · ln 2 / T. It is e to loss / T, which is 2 to the bits per character, loss / (T ln 2). See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return 2 ** (loss * np.log(2) / T)


@mistake("bits_per_char", "perplexity: your values are 2 to loss / (T ln 10), where no base fits the other. It is e to loss / T, which is 2 to loss / (T ln 2). See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return 2 ** (loss / (T * np.log(10)))


@mistake("bits_per_char", "perplexity: your values are the logarithm of the loss per character. The loss is a logarithm already, and np.exp undoes it. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.log(loss / T)


@mistake("bits_per_char", "perplexity: the loss is multiplied by T where it has to be divided by it. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(loss * T)


@mistake("bits_per_char", "perplexity: you divide by T − 1. The sum has T terms, one for each character that is predicted. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(loss / max(T - 1, 1))


@mistake("bits_per_char", "perplexity: you divide by T + 1. The sum has T terms, one for each character that is predicted. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(loss / (T + 1))


@mistake("bits_per_char", "perplexity: an array of losses gives one number, e to their mean. Each loss has its own perplexity. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(np.mean(loss) / T)


@mistake("bits_per_char", "perplexity: an array of losses gives one number, the mean of their perplexities. Each loss has its own. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.mean(np.exp(loss / T))


@mistake("bits_per_char", "perplexity: an array of losses gives one number, e to their sum over T. Each loss has its own perplexity. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(np.sum(loss) / T)


@mistake("bits_per_char", "perplexity: right for small losses, but a loss of some thousand nats gives inf: exp of the whole loss is too large (or exp of minus it is 0). Divide by T before np.exp. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.exp(loss) ** (1 / T)


@mistake("bits_per_char", "perplexity: the values are cut off to whole numbers (//, int, np.floor?). A perplexity may well be 5.3.", fails=["perplexity"])
def perplexity(loss, T):
    return np.floor(np.exp(loss / T))


@mistake("bits_per_char", "perplexity: the values are rounded to whole numbers. A perplexity may well be 5.3.", fails=["perplexity"])
def perplexity(loss, T):
    return np.round(np.exp(loss / T))


@mistake("bits_per_char", "perplexity: the values are right, but the array of losses is changed in place (/=). The caller still needs it: make a new one.", fails=["perplexity"])
def perplexity(loss, T):
    loss /= T
    return np.exp(loss)


@mistake("bits_per_char", "perplexity: 1 is subtracted (np.expm1?). A model that is certain of each character has the perplexity 1. See “Bits and perplexity”.", fails=["perplexity"])
def perplexity(loss, T):
    return np.expm1(loss / T)


@alternative("bits_per_char", "by the logarithm of e")
def bits_per_char(loss, T):
    return loss / T * np.log2(np.e)


@alternative("bits_per_char", "in two steps, the logarithm once for all")
def bits_per_char(loss, T):
    nats = np.multiply(loss, 1 / T)
    return np.divide(nats, np.log(2.0))


@alternative("bits_per_char", "bits as the logarithm of a perplexity")
def bits_per_char(loss, T):
    return np.log2(np.exp(loss / T))


@alternative("bits_per_char", "perplexity as a power of 2")
def perplexity(loss, T):
    return 2 ** (loss / (T * np.log(2)))


@alternative("bits_per_char", "perplexity as a power of e")
def perplexity(loss, T):
    return np.e ** np.divide(loss, T)


@alternative("bits_per_char", "perplexity as one over a mean probability")
def perplexity(loss, T):
    return 1 / np.exp(-loss / T)


# --- Exercise 2 --------------------------------------------------------------------------------------


@cases("batchify")
def _(rng):
    def inputs(n, B, T, left=0):
        """A text of n chunks, the last target, and so many characters more."""
        return {"ids": rng.integers(0, 60, n * B * T + 1 + left), "B": B, "T": T}

    for test in ("inputs", "targets"):
        yield show(test, **inputs(3, 4, 5))
        yield show(test, **inputs(3, 3, 3))  # so that whatever is in the wrong order runs too
        yield show(test, **inputs(4, 1, 3))
        yield show(test, **inputs(2, 3, 4))
        yield hide(test, **inputs(3, 5, 1))
        yield hide(test, **inputs(1, 2, 4))
        yield hide(test, **inputs(int(rng.integers(5, 9)), 2, int(rng.integers(3, 6))))
    yield show("leftovers", **inputs(3, 2, 4, 7))  # one more would be another chunk
    yield show("leftovers", **inputs(2, 3, 3, 1))
    yield show("leftovers", **inputs(3, 2, 5, 4))
    yield hide("leftovers", **inputs(2, 4, 3, 11))
    yield hide("leftovers", **inputs(3, 3, 4, int(rng.integers(2, 11))))
    yield hide("leftovers", **inputs(4, 1, 2, 1))
    yield hide("leftovers", **inputs(6, 1, 1))
    yield show("short texts", **inputs(1, 2, 3))
    yield show("short texts", ids=rng.integers(0, 60, 12), B=3, T=4)  # one too few
    yield show("short texts", ids=rng.integers(0, 60, 5), B=4, T=5)
    yield hide("short texts", **inputs(1, 1, 1))
    yield hide("short texts", ids=rng.integers(0, 60, 1), B=1, T=1)
    yield hide("short texts", ids=rng.integers(0, 60, 20), B=3, T=7)
    yield hide("short texts", ids=rng.integers(0, 60, 0), B=2, T=2)
    yield show("whole numbers", **inputs(2, 3, 2))
    yield show("whole numbers", **inputs(3, 2, 4, 3))
    yield hide("whole numbers", **inputs(2, 2, 5, 2))


@mistake("batchify", "neighbours in the text stand side by side in the batch: reshape(n, T, B) fills the last axis first. Along the time axis of a row the text has to go on. Make the rows first, then bring the axes into order. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(n, T, B)
    y = ids[1 : used + 1].reshape(n, T, B)
    return x, y


@mistake("batchify", "each chunk is right by itself, but no row goes on from chunk to chunk: the text goes through the rows of one chunk, then of the next. A state that is carried on would be another sentence's. Row b is one piece of n · T characters: reshape(B, n, T). See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(n, B, T).transpose(0, 2, 1)
    y = ids[1 : used + 1].reshape(n, B, T).transpose(0, 2, 1)
    return x, y


@mistake("batchify", "the axes are in the order (B, n, T). Asked is (n, T, B): transpose(1, 2, 0).", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T)
    y = ids[1 : used + 1].reshape(B, n, T)
    return x, y


@mistake("batchify", "the axes are in the order (n, B, T): the batch comes before the time. Asked is (n, T, B), the time first.", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 0, 2)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 0, 2)
    return x, y


@mistake("batchify", "the axes are in the order (T, n, B). Asked is (n, T, B).", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(2, 1, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(2, 1, 0)
    return x, y


@mistake("batchify", "the axes are in the order (T, B, n). Asked is (n, T, B).", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(2, 0, 1)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(2, 0, 1)
    return x, y


@mistake("batchify", "the axes are in the order (B, T, n). Asked is (n, T, B).", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(0, 2, 1)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(0, 2, 1)
    return x, y


@mistake("batchify", "the rows are not cut into chunks: the shape is (n · T, B). Asked is (n, T, B).", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n * T).T
    y = ids[1 : used + 1].reshape(B, n * T).T
    return x, y


@mistake("batchify", "the chunks lie flat: the shape is (n, T · B). Asked is (n, T, B).", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(n, T * B)
    y = ids[1 : used + 1].reshape(n, T * B)
    return x, y


@mistake("batchify", "within a row the characters stand n apart: a row was cut as (T, n), and its chunks are its columns. Cut it as (n, T). See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, T, n).transpose(2, 1, 0)
    y = ids[1 : used + 1].reshape(B, T, n).transpose(2, 1, 0)
    return x, y


@mistake("batchify", "the rows begin only T characters apart, so that they overlap: row b begins at b · T. A row is n · T characters long, and the next one begins where it ends. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    x = np.stack([ids[b * T + 0 : b * T + 0 + n * T].reshape(n, T) for b in range(B)], axis=-1)
    y = np.stack([ids[b * T + 1 : b * T + 1 + n * T].reshape(n, T) for b in range(B)], axis=-1)
    return x, y


@mistake("batchify", "all rows are the same piece of the text, its beginning. Row b is a piece of its own, and begins where row b − 1 ends. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = np.stack([ids[:used][: n * T].reshape(n, T)] * B, axis=-1)
    y = np.stack([ids[1 : used + 1][: n * T].reshape(n, T)] * B, axis=-1)
    return x, y


@mistake("batchify", "the chunks overlap: chunk k of a row begins k characters after its first, where k · T belongs. Each goes on where the last one stopped. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    x = np.stack([[ids[b * n * T + k + 0 : b * n * T + k + 0 + T] for b in range(B)] for k in range(n)]).transpose(0, 2, 1)
    y = np.stack([[ids[b * n * T + k + 1 : b * n * T + k + 1 + T] for b in range(B)] for k in range(n)]).transpose(0, 2, 1)
    return x, y


@mistake("batchify", "the chunks are in reverse order. Chunk 0 is the beginning of each row. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)[::-1]
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)[::-1]
    return x, y


@mistake("batchify", "the rows are in reverse order. Row 0 begins at the beginning of the text. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)[:, :, ::-1]
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)[:, :, ::-1]
    return x, y


@mistake("batchify", "y: your values are those of x. The target is the character after the input: one further in the text. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "x: the inputs begin with the second character of the text (those are the targets). They begin with the first one, ids[0]. See “Cutting the text”.", fails=["inputs", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "x and y have changed places: what goes in is x, what is to be predicted is y. Return x, y.", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return y, x


@mistake("batchify", "y: the targets are two characters after the inputs. The next one is asked for. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.append(ids[2 : used + 1], ids[0]).reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "y: the targets are the characters before the inputs (np.roll by +1?). The one after is asked for: by −1, or better from index 1 on. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.roll(ids[:used], 1).reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "y: the very last target is the first character of the text: np.roll brings the beginning to the end. The last target is the character after what is used; it is there, since N − 1 ≥ n B T. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.roll(ids[:used], -1).reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "y: the last target of each row is the row's own first character: np.roll brings it to the end. The text goes on in the next row, and so do the targets. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.roll(ids[:used].reshape(B, n * T), -1, axis=1).reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "y: the last target of each chunk is the chunk's own first character: np.roll brings it to the end. It is the first of the next chunk. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.roll(x, -1, axis=1)
    return x, y


@mistake("batchify", "y: the last target of each chunk is 0, or left out of a shift: it is the first character of the row's next chunk. Shift the text, not the chunks. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.zeros_like(x)
    y[:, :-1] = x[:, 1:]
    return x, y


@mistake("batchify", "y: the last target of each chunk is the chunk's last input once more. It is the first character of the row's next chunk. Shift the text, not the chunks. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.concatenate([x[:, 1:], x[:, -1:]], axis=1)
    return x, y


@mistake("batchify", "y: the very last target is 0. It is the character after what is used; it is there, since N − 1 ≥ n B T. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.append(ids[1:used], 0).reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "y: the very last target is the last input once more. It is the character after what is used; it is there, since N − 1 ≥ n B T. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.append(ids[1:used], ids[used - 1]).reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "y: the last target of each row is 0. The text goes on in the next row, and so do the targets: shift the text, not the rows. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    rows = np.zeros((B, n * T), dtype=int)
    rows[:, :-1] = ids[:used].reshape(B, n * T)[:, 1:]
    y = rows.reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "y: your values are those of x one chunk later (the last chunk's are those of the first?). The target is one character later, not T. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.roll(x, -1, axis=0)
    return x, y


@mistake("batchify", "y: your values are those of the row beside it: x is shifted along the axis of the batch. Shift the text by one character. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.roll(x, -1, axis=2)
    return x, y


@mistake("batchify", "y: there is only one target for each chunk and row, the last one. Each character that goes in has a target: (n, T, B). See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y[:, -1]


@mistake("batchify", "y: the targets have the axes in another order than the inputs, (n, B, T). Asked is (n, T, B), as for x.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 0, 2)
    return x, y


@mistake("batchify", "y: neighbours in the text stand side by side in the batch: reshape(n, T, B) fills the last axis first. Make y just as x. See “Cutting the text”.", fails=["targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(n, T, B)
    return x, y


@mistake("batchify", "each chunk takes T + 1 characters for itself, T inputs and one more target, so that a character in each is never an input and there are too few chunks. The last target of a chunk is the first input of the row's next one. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = len(ids) // (B * (T + 1))
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * (T + 1)
    x = ids[:used].reshape(B, n, T + 1).transpose(1, 2, 0)[:, :-1]
    y = ids[:used].reshape(B, n, T + 1).transpose(1, 2, 0)[:, 1:]
    return x, y


@mistake("batchify", "the text is cut into B rows first, and the targets are shifted within a row, so that the last character of each row is never an input, and the row is too short for its last chunk. Shift the text by one, then cut; n = ⌊(N − 1) / (B T)⌋. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "short texts", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) // B - 1) // T
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    rows = ids[: len(ids) // B * B].reshape(B, -1)
    x = rows[:, : n * T].reshape(B, n, T).transpose(1, 2, 0)
    y = rows[:, 1 : n * T + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "one chunk too few is cut: the last chunk of each row is missing. As many as fit, n = ⌊(N − 1) / (B T)⌋. See “Cutting the text”.", fails=["inputs", "targets", "leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    n -= n > 1
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "the rows are cut from the whole text, so that they begin ⌊(N − 1) / B⌋ characters apart: right where the text comes out even only. Row 1 begins where row 0 ends, after n · T characters; what is left over is left over at the end. See “Cutting the text”.", fails=["leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    row = (len(ids) - 1) // B
    x = ids[: B * row].reshape(B, row)[:, : n * T].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : B * row + 1].reshape(B, row)[:, : n * T].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "what is left over is left out at the beginning of the text. Row 0 begins with ids[0], and the end is not used. See “Cutting the text”.", fails=["leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[-1 - used : -1].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[-used:].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "what is left over is not left out, but filled up to one more chunk, with zeros. A chunk that is not full is not used: n is rounded down. See “Cutting the text”.", fails=["leftovers", "whole numbers"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    n = max(1, -(-(len(ids) - 1) // (B * T)))
    used = n * B * T
    ids = np.append(ids, np.zeros(used + 1 - len(ids), dtype=int))
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "there is one chunk too many where N is a multiple of B T: the last target is missing then (np.roll puts the text's first character there). The text needs a character after the last input: n = ⌊(N − 1) / (B T)⌋. See “Cutting the text”.", fails=["leftovers", "short texts"])
def batchify(ids, B, T):
    n = len(ids) // (B * T)
    if n < 1:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = np.append(ids[1 : used + 1], ids[:1])[:used].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "short texts: where there is no chunk you return arrays without one, shape (0, T, B). A ValueError is asked for: if n < 1, raise ValueError(…).", fails=["short texts"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    n = max(n, 0)
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "short texts: a text of B · T characters is taken to be long enough: you return arrays without a chunk. It has no target for its last character: a chunk needs B · T + 1.", fails=["short texts"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if len(ids) < B * T:
        raise ValueError(f"{len(ids)} characters are too few")
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "short texts: where there is no chunk you return None (or the error is only printed, or returned as None). raise ValueError(…) is asked for.", fails=["short texts"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        return None
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@mistake("batchify", "short texts: where there is no chunk you return a text, or the error itself as one. It has to be raised: raise ValueError(…).", fails=["short texts"])
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n < 1:
        return "ValueError: too few characters"
    used = n * B * T
    x = ids[:used].reshape(B, n, T).transpose(1, 2, 0)
    y = ids[1 : used + 1].reshape(B, n, T).transpose(1, 2, 0)
    return x, y


@alternative("batchify", "loops that look up every character")
def batchify(ids, B, T):
    n = (len(ids) - 1) // (B * T)
    if n <= 0:
        raise ValueError("the text is too short for one chunk")
    x = np.zeros((n, T, B), dtype=int)
    y = np.zeros((n, T, B), dtype=int)
    for k in range(n):
        for t in range(T):
            for b in range(B):
                place = b * n * T + k * T + t
                x[k, t, b] = ids[place]
                y[k, t, b] = ids[place + 1]
    return x, y


@alternative("batchify", "an array of places")
def batchify(ids, B, T):
    if len(ids) < B * T + 1:
        raise ValueError(f"at least {B * T + 1} characters are needed")
    n = (len(ids) - 1) // B // T
    places = n * T * np.arange(B) + np.arange(n * T).reshape(n, T, 1)
    return ids[places], ids[places + 1]


@alternative("batchify", "rows, split into chunks")
def batchify(ids, B, T):
    length = (len(ids) - 1) // (B * T) * T
    if not length:
        raise ValueError("too short")
    if length < 0:
        raise ValueError("no text at all")
    rows = [ids[b * length : (b + 1) * length + 1] for b in range(B)]
    side_by_side = np.stack(rows, axis=1)
    starts = range(0, length, T)
    x = np.stack([side_by_side[start : start + T] for start in starts])
    y = np.stack([side_by_side[start + 1 : start + T + 1] for start in starts])
    return x, y


@alternative("batchify", "the time axis first, then cut")
def batchify(ids, B, T):
    chunks, _ = divmod(len(ids) - 1, B * T)
    if chunks < 1:
        raise ValueError(ids.shape)
    used = chunks * B * T
    return tuple(part.reshape(B, -1).T.reshape(chunks, T, B) for part in (ids[:used], ids[1 : 1 + used]))


@alternative("batchify", "swapaxes and moveaxis")
def batchify(ids, B, T):
    pieces = (len(ids) - 1) // (B * T)
    if pieces < 1:
        raise ValueError("fewer than one chunk")
    pairs = np.stack([ids[:-1], ids[1:]])[:, : pieces * B * T]
    x, y = np.moveaxis(pairs.reshape(2, B, pieces, T), 1, -1)
    return x, y


# --- Exercise 3 --------------------------------------------------------------------------------------


@cases("tbptt_step")
def _(rng):
    def inputs(T, B, H, K, dtype="float64", strong=0):
        params = _rnn(rng, H, K, out=0.7)
        x, y = rng.integers(0, K, (2, T, B))
        if B > 1:
            x[:, 1] = x[:, 0]  # a character that two samples have at the same step
        if strong:  # one target, so improbable, and gradients so large, that whoever clips is seen
            params["V"], y = strong * params["V"], np.full((T, B), y[0, 0])
            params["c"][y[0, 0]] -= 3 * strong
        params = {name: value.astype(dtype) for name, value in params.items()}
        return {"params": params, "x": x, "y": y, "h": rng.uniform(-0.9, 0.9, (B, H)).astype(dtype)}

    def large(T, B, H, K):
        """Of each sample the second largest logit is the target's, far behind the largest."""
        while True:
            case, least = inputs(T, B, H, K), np.inf
            params, h = case["params"], case["h"]
            params["V"], params["c"] = 1000 * params["V"], 1000 * params["c"]
            for t in range(T):
                h = np.tanh(params["U"].T[case["x"][t]] + h @ params["W"].T + params["b"])
                o = h @ params["V"].T + params["c"]
                case["y"][t] = np.argsort(o, axis=1)[:, -2]
                least = min(least, np.diff(np.sort(o, axis=1)[:, -2:]).min())
            if least > 50:
                return case

    for test in ("loss", "state", "V", "c", "U", "W", "b"):
        yield show(test, **inputs(4, 3, 4, 6))
        yield show(test, **inputs(3, 3, 3, 3))  # so that whatever is transposed or exchanged runs too
        yield show(test, **inputs(5, 2, 4, 5, strong=30))
        yield hide(test, **inputs(3, 2, 5, 3))
    for test in ("loss", "U", "W"):
        yield hide(test, **inputs(1, 3, 1, 4))
        yield hide(test, **inputs(2, 1, 1, 1))
    yield show("large", **large(4, 3, 5, 5))
    yield hide("large", **large(4, 3, 3, 4))
    yield show("inputs", **inputs(3, 3, 3, 3))
    yield show("inputs", **inputs(4, 2, 3, 5))
    yield hide("inputs", **inputs(5, 3, 4, 3, strong=30))
    yield show("float32", **inputs(4, 3, 5, 5, "float32"))
    yield hide("float32", **inputs(9, 2, 3, 4, "float32", strong=8))


@mistake("tbptt_step", "the values are those of a chunk that begins with a state of zeros: h is not used. The chunk goes on from where the last one stopped. See “Cutting the text”.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [np.zeros_like(h)], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are those of targets that go in: y stands where x belongs. x goes in, y is to be predicted. See “A text is a sequence”.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    x = y
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "x and y have changed places: the values are those of targets that go in and inputs that are to be predicted. See “A text is a sequence”.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    x, y = y, x
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are those of a network that is to predict its own input: x[t] stands where the target y[t] belongs. See “A text is a sequence”.", fails=["loss", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    y = x
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "time and batch are exchanged: x is (T, B), the time comes first. The values are those of x.T (and of y.T or y), which only runs when T = B.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    x, y = x.T, y.T
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "time and batch of x are exchanged, x[:, t]: it only runs when T = B. x[t] is what goes in at step t, one character for each sample.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[:, t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[:, t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "time and batch of y are exchanged, y[:, t]: it only runs when T = B. y[t] is what is to be predicted at step t.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[:, t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[:, t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W is transposed the wrong way, h @ W: the values are those of the transposed matrix. For rows it is h @ W.T. The shapes do not warn you, because W is square.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += hs[t].T @ da
        grads["b"] += da.sum(axis=0)
        later = da @ W.T
    return loss, grads, hs[T]


@mistake("tbptt_step", "forward, W is transposed the wrong way, h @ W, and back it is not. For rows it is h @ W.T. The shapes do not warn you, because W is square.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V is transposed the wrong way forward, h @ V, which only runs when H = O. For rows it is h @ V.T.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V is transposed the wrong way, forward and back (h @ V, do @ V.T), which only runs when H = O. For rows it is h @ V.T.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += hs[t + 1].T @ do
        grads["c"] += do.sum(axis=0)
        da = (do @ V.T + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "rows of U are taken for its columns, U[x[t]], which only runs when H is large enough. U x is a column of U: row b of U.T[x[t]]. See “A text is a sequence”.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "rows of U are taken for its columns, forward and back, which only runs when H = D. U x is a column of U: row b of U.T[x[t]]. See “A text is a sequence”.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"], x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the bias b is missing in the states: a = U x + W h + b (notebook 01).", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, V, c = (params[name] for name in ("U", "W", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the bias c is missing in the logits: o = V h + c (notebook 01).", fails=["loss", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V = (params[name] for name in ("U", "W", "b", "V"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "tanh is missing in the states: the values are those of a linear network (with or without a slope on the way back).", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(U.T[x[t]] + hs[t] @ W.T + b)
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "tanh is missing in the states, and its slope on the way back: the values are those of a linear network.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(U.T[x[t]] + hs[t] @ W.T + b)
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the states are made by a sigmoid. They are made by tanh.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(1 / (1 + np.exp(-(U.T[x[t]] + hs[t] @ W.T + b))))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the states are made by a sigmoid, and back the slope is h (1 − h). They are made by tanh, whose slope is 1 − h².", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(1 / (1 + np.exp(-(U.T[x[t]] + hs[t] @ W.T + b))))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * hs[t + 1] * (1 - hs[t + 1])
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "every step starts from the h that the chunk began with: the new state is not carried on from step to step. See “Cutting the text”.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[0] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "every step starts from the h that the chunk began with, forward and in W's gradient: the new state is not carried on from step to step. See “Cutting the text”.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[0] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[0]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "every step starts from a state of zeros (or W h is missing): within a chunk the state goes on from step to step.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the logits are made of the state before the step, h(t−1). The character of step t has to go in first: o(t) = V h(t) + c.", fails=["loss", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the softmax runs over the batch. The probabilities of one sample add up to 1: axis=1, with keepdims=True.", fails=["loss", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=0, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=0, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the softmax runs over all samples together. The probabilities of one sample add up to 1: axis=1, with keepdims=True.", fails=["loss", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum())
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "exp overflows: with logits of 1000 the values are no numbers. Subtract the largest logit of each sample first.", fails=["large"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        p = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        log_p = np.log(p)
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(p)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "exp overflows: with logits of 1000 the logarithm of its sum is inf. Subtract the largest logit of each sample first.", fails=["large"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: where the target is very improbable it is inf: the softmax gives it the probability 0, and its logarithm is −inf. Take the logarithm before: log p = o − max − log Σ exp(o − max).", fails=["large"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= np.log(np.exp(log_p)[rows, y[t]]).sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: where the target is very improbable it is too small: something like 1e−12 is added to p (or p is cut off there) before the logarithm. Take the logarithm before: log p = o − max − log Σ exp(o − max).", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= np.log(np.exp(log_p)[rows, y[t]] + 1e-12).sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are divided by T: a mean over time is taken. The loss is a sum over time and a mean over the batch, and so is its gradient.", fails=["loss", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    loss = loss / T
    grads = {name: value / T for name, value in grads.items()}
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: it is divided by T. Over time it is a sum, over the batch a mean.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    loss = loss / T
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: it is divided by T. The loss is a sum over time, and so is its gradient; the mean goes over the batch.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads = {name: value / T for name, value in grads.items()}
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are not divided by B. The loss is the mean over the batch, and so is its gradient.", fails=["loss", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum()
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: it is not divided by B. It is the mean over the batch.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum()
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the mean over the batch is missing: it is not divided by B. Divide the gradient of the logits, (p − 1 at the target) / B.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: it has the wrong sign. It is −log p, and never below 0.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss += log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: the logarithm has base 2. The loss is in nats, with the natural logarithm.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B / np.log(2)
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: only the last step counts: = where −= or += belongs. The losses of all steps are added.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss = -log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: only the first step counts. The losses of all steps are added.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= (t == 0) * log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: the last step is missing. The losses of all T steps are added.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= (t < T - 1) * log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: the logarithm is missing: the values are sums of −p. The loss is −log p of the target.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= np.exp(log_p)[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: the values are sums of 1 − p. The loss is −log p of the target.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss += (1 - np.exp(log_p)[rows, y[t]]).sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: there is one for each sample, shape (B,). Asked is their mean, one number.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], np.zeros(B, h.dtype)
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]]
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: there is one for each step, shape (T,). Asked is their sum, one number.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], np.zeros(T, h.dtype)
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss[t] = -log_p[rows, y[t]].mean()
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: the sum goes over all classes, not only over the target: Σ of all −log p. Only the target's counts: the index is a pair, [np.arange(B), y[t]].", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p.sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: the entries of all pairs of a sample and a target are added, as p[:, y[t]] picks them. Each sample has one target: [np.arange(B), y[t]].", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[:, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: it is no number: p was changed in place, 1 subtracted at the target, before its logarithm was taken. Take the logarithm first, or subtract from a copy.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        p = np.exp(log_p)
        p[rows, y[t]] -= 1
        loss -= np.log(p[rows, y[t]]).sum() / B
        ps.append(p)
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "loss: it is made of logits, not of probabilities: −o at the target. The softmax is missing: −log p = log Σ exp(o) − o.", fails=["loss", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        raw = o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= raw[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "state: what is returned is the h that came in. The state after the last step is asked for, from which the next chunk goes on. See “Cutting the text”.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, h.copy()


@mistake("tbptt_step", "state: it is the h that came in, and no copy of it at that. The state after the last step is asked for. See “Cutting the text”.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, h


@mistake("tbptt_step", "state: it is the one before the last step, h(T−1). The state after the last step is asked for. See “Cutting the text”.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T - 1] + 0


@mistake("tbptt_step", "state: it is the one after the first step. The state after the last step is asked for. See “Cutting the text”.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[1]


@mistake("tbptt_step", "state: it is all zeros. The state after the last step is asked for: the next chunk goes on from there. See “Cutting the text”.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, np.zeros_like(h)


@mistake("tbptt_step", "state: all states are returned, stacked over time. Only the last one is asked for, (B, H).", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, np.stack(hs[1:])


@mistake("tbptt_step", "state: all states are returned, the given h among them. Only the last one is asked for, (B, H).", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, np.stack(hs)


@mistake("tbptt_step", "state: the mean over the batch is returned, (H,). Each sample has its own: (B, H).", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T].mean(axis=0)


@mistake("tbptt_step", "state: only that of one sample is returned, (H,). Each sample has its own: (B, H).", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T][0]


@mistake("tbptt_step", "state: it is transposed, (H, B). Rows are samples: (B, H).", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T].T.copy()


@mistake("tbptt_step", "state: what is returned has not gone through tanh, it is a(T). The state is its tanh.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, U.T[x[T - 1]] + hs[T - 1] @ W.T + b


@mistake("tbptt_step", "state: one more step is taken after the chunk, with its last character once more. The state after the last step is asked for.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, np.tanh(U.T[x[T - 1]] + hs[T] @ W.T + b)


@mistake("tbptt_step", "state: what is returned is the gradient that would go on to h. The state after the last step is asked for; no gradient leaves the chunk.", fails=["state", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, later


@mistake("tbptt_step", "gradient: nothing is subtracted at the targets: it is made of p / B. At the target it is (p − 1) / B. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: nothing is subtracted at the targets, and nothing is divided by B: it is made of p. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: at the targets 1 is added, or stands there: it has to be subtracted from p. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] += 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the targets' entries are set to −1 (= −1) instead of being made smaller by 1 (−= 1). See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] = -1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the targets' entries are set to 1 (= 1), instead of being made smaller by 1 (−= 1). See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] = 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: it has the wrong sign. It says where the loss grows: p − 1 at the target, p elsewhere. The minus is in the update. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= -B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: only the 1 at the targets is divided by B (or p is not). The whole gradient of the logits is divided: (p − 1) / B. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1 / B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: only p is divided by B, and the 1 at the targets is not. The whole gradient of the logits is divided: (p − 1) / B. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do /= B
        do[rows, y[t]] -= 1
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: only the targets' entries count, and the others are 0. Their gradient is p / B: they sink while the target rises. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        do[do > 0] = 0
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: p − 1 at the target and p elsewhere are multiplied by the slope p (1 − p) of the softmax. It is in there already: most of it cancelled. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do *= ps[t] * (1 - ps[t]) / B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: 1 is subtracted at the characters that went in, x[t]. The target is y[t]. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, x[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: for each sample 1 is subtracted at the targets of all samples, [:, y[t]]. Each sample has one target: [np.arange(B), y[t]]. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[:, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: 1 is subtracted at the targets of the last step, at every step. Step t has the targets y[t]. See “The gradient of the logits” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[T - 1]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: 1 is subtracted at the targets of the step before (at the first step those of the last one). Step t has the targets y[t]. See “The gradient of the logits” in notebook 02.", fails=["V", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t - 1]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the probabilities of the last step are used at every step. Keep p of each step in a list.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[T - 1].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: it is divided by B twice: once in the logits, and once more afterwards.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B * B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: it is divided by D, the number of characters. The mean goes over the batch only.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B * len(c)
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: only the last step has a loss here (or only its term is kept). Each step has a loss, and each adds its term.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do *= (t == T - 1) / B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the last step of the chunk is left out (in code it is t = T − 1), or its loss does not count. Each of the T steps has a loss, and sends its gradient into the state.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do *= (t < T - 1) / B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V: its gradient is made with the states before the steps, h(t−1). V was multiplied by h(t), the state after the step. See “Sums over time” in notebook 02.", fails=["V", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V: its gradient is transposed. A gradient has the shape of its parameter, (O, H): do.T @ h.", fails=["V", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads["V"] = grads["V"].T.copy()
    return loss, grads, hs[T]


@mistake("tbptt_step", "V: its gradient holds one step only: = where += belongs. It is a sum over all steps.", fails=["V", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] = do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V: its gradient holds the last step only. It is a sum over all steps.", fails=["V", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += (t == T - 1) * do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V: its gradient is all zeros. V gets do.T @ h(t) of each step.", fails=["V", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        pass
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V: its gradient is divided by B once more. The mean over the batch is in do already; the samples are added.", fails=["V", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1] / B
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "V: its gradient has the slope of tanh in it. V h is behind the tanh: do.T @ h(t).", fails=["V", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ (1 - hs[t + 1] ** 2)
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "c: its gradient is all zeros: nothing is added, or the sum goes over the characters (axis=1, or over everything), which gives 0. c gets the sum over the samples of do, axis=0, of each step.", fails=["c", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum()
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "c: its gradient is the mean over the batch of do. The mean is in do already: add the samples, do.sum(axis=0).", fails=["c", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.mean(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "c: its gradient holds one step only: = where += belongs. It is a sum over all steps.", fails=["c", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] = do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "c: its gradient holds the last step only. It is a sum over all steps.", fails=["c", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += (t == T - 1) * do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "c: its gradient is summed over the characters, axis=1, which only runs when B = O. Add the samples: axis=0.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=1)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "c: its gradient has shape (1, O) (keepdims?). A gradient has the shape of its parameter: (O,).", fails=["c", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads["c"] = grads["c"][None]
    return loss, grads, hs[T]


@mistake("tbptt_step", "c: its gradient keeps the samples apart, (B, O). c is one for all of them: add the samples, do.sum(axis=0).", fails=["c", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    grads["c"] = np.zeros((B, len(c)), c.dtype)
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: nothing comes from the later steps: each step's loss goes back one step only. Add what the step after sends back: within the chunk the gradient goes all the way. See “Truncated back-propagation”.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope of tanh is missing, da = dh. Going back through the tanh of step t multiplies by 1 − h(t)². See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = do @ V + later
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope of tanh is taken at the step before, 1 − h(t−1)². da(t) belongs to the tanh of step t. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope is taken as 1 − h. It is 1 − h², with the square. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1])
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope is taken as (1 − h)². It is 1 − h²: only h is squared. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1]) ** 2
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope is h (1 − h), that of a sigmoid. For tanh it is 1 − h². See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * hs[t + 1] * (1 - hs[t + 1])
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope is 1 − tanh(h)². The state h is the tanh of a already, so that it is 1 − h². See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - np.tanh(hs[t + 1]) ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope is h² − 1, the negative of that of tanh. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (hs[t + 1] ** 2 - 1)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: it is divided by the slope 1 − h² where it has to be multiplied by it. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) / (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope of tanh is applied twice. In each step it comes in once. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2) ** 2
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope of tanh is applied to do V only, not to what comes from the later step. Both arrive at h(t), and both go through its tanh: add first. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = do @ V * (1 - hs[t + 1] ** 2) + later
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope of tanh is applied to what comes from the later step only, not to do V. Both arrive at h(t), and both go through its tanh: add first. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = do @ V + later * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: what is handed to the step before lacks the slope of tanh, dh W. From h(t) to h(t−1) the way leads through the tanh of step t: da @ W. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        dh = do @ V + later
        da = dh * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = dh @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the slope of the step before is applied when the gradient is handed over, and once more in that step. Hand over da @ W as it is. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W * (1 - hs[t] ** 2)
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: W is transposed the wrong way when the gradient is handed over, da @ W.T. Forward it was h @ W.T, so back it is da @ W. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W.T
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: W is missing when the gradient is handed over to the step before: da, where da @ W belongs. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: what the later steps send is added up over all of them (+=). Only the step directly after sends to this one; what came from further on is in there already. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = later + da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: V is transposed the wrong way when the gradient goes into the state, do @ V.T, which only runs when H = O. Forward it was h @ V.T, so back it is do @ V. See “One step back” in notebook 02.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V.T + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: its gradient is all zeros. Column x[t, b] gets row b of da. (U.T[x[t]] += … on a copy changes nothing.)", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        pass
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient is all zeros. W gets da.T @ (the state before) of each step.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        pass
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient is all zeros. b gets the sum over the samples of da, of each step.", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        pass
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the outputs send nothing into the states: without do @ V all of it is 0. See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the loop runs forwards in time. What a step sends back is needed by the step before, so that the last one comes first: reversed(range(T)). See “One step back” in notebook 02.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in range(T):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: something comes from behind the chunk: what the last step gets from later begins with the state, or with h, where zeros belong. See “Truncated back-propagation”.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = hs[T]
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: something comes from behind the chunk: what the last step gets from later begins with ones where zeros belong. See “Truncated back-propagation”.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.ones_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient lacks the first step, as if h were 0 there or the loop ended before. In the first step W was multiplied by the h that came in. See “Sums over time” in notebook 02.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += (t > 0) * da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: the first step of the chunk is left out: in code it is t = 0, and the loop has to reach it. See “Sums over time” in notebook 02.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(1, T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: what would leave the chunk through h is added, too: at the first step its da comes in twice, or b gets what h would get. h is a constant: nothing goes on. See “Truncated back-propagation”.", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads["b"] += later.sum(axis=0)
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: it is clipped between −5 and 5. Clipping is the business of whoever takes the step: return the gradients as they are.", fails=["U", "W", "b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads = {name: np.clip(value, -5, 5) for name, value in grads.items()}
    return loss, grads, hs[T]


@mistake("tbptt_step", "gradient: it is clipped between −1 and 1. Clipping is the business of whoever takes the step: return the gradients as they are.", fails=["V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads = {name: np.clip(value, -1, 1) for name, value in grads.items()}
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: where two samples have the same character at a step, only one of them counts: += with an index array writes a column that comes twice once only. np.add.at(array, index, rows) adds both. See “A text is a sequence”.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        grads["U"].T[x[t]] += da
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: a column holds only what was written last: = where a sum belongs. Each time that a character goes in, its column gets something more. See “Sums over time” in notebook 02.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        grads["U"].T[x[t]] = da
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: the columns of the targets get the gradient, y[t]. It belongs to the characters that went in, x[t].", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, y[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: the characters of the step before get the gradient, x[t − 1]. In step t went in x[t].", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t - 1], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: its gradient is transposed. A gradient has the shape of its parameter, (H, D).", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads["U"] = grads["U"].T.copy()
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: the gradient lands in rows in place of columns, which only runs when H = D or larger. Character k has column k of U.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"], x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: its gradient lacks the slope of tanh. All sums are made of da. See “Sums over time” in notebook 02.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], do @ V + later)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: every column gets the sum over all characters. Only the column of the character that went in gets something.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        grads["U"] += da.sum(axis=0)[:, None]
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: each column is divided by how often its character went in. It is a sum: frequent characters get more.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads["U"] = grads["U"] / np.maximum(1, (x[:, :, None] == np.arange(len(c))).sum(axis=(0, 1))).astype(h.dtype)
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: only the first sample of the batch counts. All B of them are added.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t, :1], da[:1])
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: its gradient holds the last step only. It is a sum over all steps. See “Sums over time” in notebook 02.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], (t == T - 1) * da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "U: its gradient is divided by B once more. The mean over the batch is in do already; the samples are added.", fails=["U", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da / B)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient is made with the states after the steps, h(t). W was multiplied by the state before, h(t−1). See “Sums over time” in notebook 02.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t + 1]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: in the first step the state before is taken from the end of the list: with index −1 it is the last one. It is the h that came in. See “Sums over time” in notebook 02.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ (hs[t] if t else hs[T])
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient is made with the h that came in at every step. Only the first step has it before; step t has h(t−1). See “Sums over time” in notebook 02.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[0]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient is transposed: it is da.T @ (the state before). The shapes do not warn you, because W is square.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += hs[t].T @ da
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient lacks the slope of tanh. All sums are made of da. See “Sums over time” in notebook 02.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += (do @ V + later).T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient holds one step only: = where += belongs. It is a sum over all steps. See “Sums over time” in notebook 02.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] = da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient holds the last step only. It is a sum over all steps. See “Sums over time” in notebook 02.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += (t == T - 1) * da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "W: its gradient is divided by B once more. The mean over the batch is in do already; the samples are added.", fails=["W", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t] / B
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient lacks the slope of tanh. The bias is inside of tanh: it gets the sum of da. See “Sums over time” in notebook 02.", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += (do @ V + later).sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient is one sum over everything. Each unit has its own: add the samples only, axis=0.", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum()
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient is the mean over the batch of da. The mean is in do already: add the samples, da.sum(axis=0).", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.mean(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient holds one step only: = where += belongs. It is a sum over all steps. See “Sums over time” in notebook 02.", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] = da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient holds the last step only. It is a sum over all steps. See “Sums over time” in notebook 02.", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += (t == T - 1) * da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient is summed over the units, axis=1, which only runs when B = H. Add the samples: axis=0.", fails=["loss", "state", "V", "c", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=1)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient has shape (1, H) (keepdims?). A gradient has the shape of its parameter: (H,).", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads["b"] = grads["b"][None]
    return loss, grads, hs[T]


@mistake("tbptt_step", "b: its gradient keeps the samples apart, (B, H). b is one for all of them: add the samples, da.sum(axis=0).", fails=["b", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    grads["b"] = np.zeros_like(h)
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are right, but h is changed in place: the caller's state is overwritten. Make a new array in each step.", fails=["inputs"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    h[...] = hs[T]
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are right, but params is changed: the step is taken in here. Only return the gradients; whoever calls takes the step.", fails=["inputs"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    for name, value in grads.items():
        params[name] -= 0.1 * value
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are right, but grads has an entry more, h: the gradient that would go on to the chunk before. h is a constant here, and what takes the step knows no parameter h.", fails=["inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    grads["h"] = later
    return loss, grads, hs[T]


@mistake("tbptt_step", "all states are one and the same array: h is written over in each step, and the list holds it T times. Make a new array in each step: h = np.tanh(…).", fails=["V", "U", "W", "b", "large", "inputs", "float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        h[...] = np.tanh(U.T[x[t]] + hs[t] @ W.T + b)
        hs.append(h)
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are right, but float32 inputs give float64 gradients: np.zeros without a dtype? np.zeros_like takes over the dtype, too.", fails=["float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(U.T[x[t]] + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    later = np.zeros_like(h)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@mistake("tbptt_step", "the values are right, but float32 inputs give a float64 state and float64 gradients: an array of float64 comes in on the way forward (np.eye or np.zeros without a dtype?).", fails=["float32"])
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    T, B = x.shape
    rows = np.arange(B)
    hs, ps, loss = [h], [], 0.0
    for t in range(T):
        hs.append(np.tanh(np.eye(len(c))[x[t]] @ U.T + hs[t] @ W.T + b))
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        log_p = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
        loss -= log_p[rows, y[t]].sum() / B
        ps.append(np.exp(log_p))
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    later = np.zeros(h.shape)
    for t in reversed(range(T)):
        do = ps[t].copy()
        do[rows, y[t]] -= 1
        do /= B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        da = (do @ V + later) * (1 - hs[t + 1] ** 2)
        np.add.at(grads["U"].T, x[t], da)
        grads["W"] += da.T @ hs[t]
        grads["b"] += da.sum(axis=0)
        later = da @ W
    return loss, grads, hs[T]


@alternative("tbptt_step", "one-hot rows and products")
def tbptt_step(params, x, y, h):
    K = len(params["c"])
    one_hot = (np.arange(K) == x[:, :, None]).astype(h.dtype)
    target = (np.arange(K) == y[:, :, None]).astype(h.dtype)
    T, B = x.shape
    states, probabilities, loss = [h], [], 0
    for t in range(T):
        a = one_hot[t] @ params["U"].T + states[-1] @ params["W"].T + params["b"]
        states.append(np.tanh(a))
        o = states[-1] @ params["V"].T + params["c"]
        o = o - o.max(axis=-1)[:, None]
        log_sum = np.log(np.exp(o).sum(axis=-1))[:, None]
        loss = loss - ((o - log_sum) * target[t]).sum() / B
        probabilities.append(np.exp(o - log_sum))
    dU, dW, db, dV, dc = 0, 0, 0, 0, 0
    dh = 0
    for t in range(T - 1, -1, -1):
        do = (probabilities[t] - target[t]) / B
        dV, dc = dV + do.T @ states[t + 1], dc + do.sum(axis=0)
        da = (dh + do @ params["V"]) * (1 - states[t + 1]) * (1 + states[t + 1])
        dU, dW, db = dU + da.T @ one_hot[t], dW + da.T @ states[t], db + da.sum(axis=0)
        dh = da @ params["W"]
    return loss, {"U": dU, "W": dW, "b": db, "V": dV, "c": dc}, states[-1]


@alternative("tbptt_step", "all logits at once, and one product over all steps and samples")
def tbptt_step(params, x, y, h):
    T, B = x.shape
    hs = []
    state = h
    for x_t in x:
        state = np.tanh(params["U"][:, x_t].T + state @ params["W"].T + params["b"])
        hs.append(state)
    before, hs = np.stack([h, *hs[:-1]]), np.stack(hs)
    o = hs @ params["V"].T + params["c"]
    largest = o.max(axis=-1, keepdims=True)
    e = np.exp(o - largest)
    total = e.sum(axis=-1, keepdims=True)
    steps, samples = np.arange(T)[:, None], np.arange(B)
    chosen = o[steps, samples, y] - largest[:, :, 0]
    loss = (np.log(total[:, :, 0]) - chosen).sum(axis=0).mean()
    do = e / total
    do[steps, samples, y] -= 1
    do = do / B
    dhs = do @ params["V"]
    das, carried = [], np.zeros_like(h)
    for t in range(T)[::-1]:
        da = (dhs[t] + carried) * (1 - hs[t] ** 2)
        carried = da @ params["W"]
        das.insert(0, da)
    das = np.stack(das)
    one_hot = (x[:, :, None] == np.arange(params["U"].shape[1])).astype(das.dtype)
    grads = {
        "c": do.sum(axis=(0, 1)),
        "V": np.einsum("tbo,tbh->oh", do, hs),
        "b": das.sum(axis=(0, 1)),
        "W": np.einsum("tbi,tbj->ij", das, before),
        "U": np.einsum("tbi,tbk->ik", das, one_hot),
    }
    return loss, grads, state


@alternative("tbptt_step", "sample by sample, with columns and outer products")
def tbptt_step(params, x, y, h):
    U, W, b, V, c = params["U"], params["W"], params["b"], params["V"], params["c"]
    T, B = x.shape
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    loss, last = 0.0, []
    for n in range(B):
        state, states, dos = h[n], [h[n]], []
        for t in range(T):
            state = np.tanh(U[:, int(x[t, n])] + W @ state + b)
            states.append(state)
            o = V @ state + c
            target = np.arange(len(c)) == y[t, n]
            p = np.exp(o - o.max())
            loss = loss + (np.log(p.sum()) - ((o - o.max()) * target).sum()) / B
            dos.append((p / p.sum() - target.astype(p.dtype)) / B)
        last.append(state)
        dh = np.zeros_like(b)
        for t in range(T - 1, -1, -1):
            grads["V"] += np.outer(dos[t], states[t + 1])
            grads["c"] += dos[t]
            da = (1 - states[t + 1] ** 2) * (V.T @ dos[t] + dh)
            grads["U"][:, int(x[t, n])] += da
            grads["W"] += np.outer(da, states[t])
            grads["b"] += da
            dh = W.T @ da
    return loss, grads, np.stack(last)


@alternative("tbptt_step", "recursion: a step calls the rest of the chunk")
def tbptt_step(params, x, y, h):
    B, K = x.shape[1], len(params["c"])

    def rest(t, h_prev):
        if t == len(x):
            return 0.0, {name: np.zeros_like(value) for name, value in params.items()}, h_prev, np.zeros_like(h_prev)
        h = np.tanh(params["U"].T[x[t]] + h_prev @ params["W"].T + params["b"])
        o = h @ params["V"].T + params["c"]
        o = o - o.max(axis=1, keepdims=True)
        p = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        target = y[t][:, None] == np.arange(K)
        log_p = np.where(target, o, 0).sum(axis=1) - np.log(np.exp(o).sum(axis=1))
        loss, grads, last, dh = rest(t + 1, h)
        do = (p - target.astype(p.dtype)) / B
        da = (dh + do @ params["V"]) * (1 - h * h)
        columns = [da[x[t] == k].sum(axis=0) for k in range(K)]
        own = {
            "U": np.stack(columns, axis=1),
            "W": da.T @ h_prev,
            "b": da.sum(axis=0),
            "V": do.T @ h,
            "c": do.sum(axis=0),
        }
        grads = {name: value + own[name] for name, value in grads.items()}
        return loss - log_p.sum() / B, grads, last, da @ params["W"]

    return rest(0, h)[:3]


@alternative("tbptt_step", "each loss goes back alone")
def tbptt_step(params, x, y, h):
    U, W, b, V, c = (params[name] for name in "UWbVc")
    T, B = x.shape
    hs = [h]
    for x_t in x:
        hs.append(np.tanh(np.take(U, x_t, axis=1).T + hs[-1] @ W.T + b))
    grads = {name: np.zeros_like(params[name]) for name in "cVbWU"}
    loss = 0.0
    for t in range(T):
        o = hs[t + 1] @ V.T + c
        o = o - o.max(axis=1, keepdims=True)
        e = np.exp(o)
        do = e / e.sum(axis=1, keepdims=True)
        loss = loss + (np.log(e.sum(axis=1)) - o[np.arange(B), y[t]]).mean()
        do[np.arange(B), y[t]] -= 1
        do = do / B
        grads["V"] += do.T @ hs[t + 1]
        grads["c"] += do.sum(axis=0)
        delta = do @ V * (1 - hs[t + 1] ** 2)
        for step in range(t, -1, -1):
            grads["b"] += delta.sum(axis=0)
            grads["W"] += delta.T @ hs[step]
            for n in range(B):
                grads["U"][:, int(x[step, n])] += delta[n]
            delta = delta @ W * (1 - hs[step] ** 2)
    return loss, grads, hs[-1]


# --- Exercise 4 --------------------------------------------------------------------------------------


@cases("adagrad_step")
def _(rng):
    def inputs(steps, *sizes, fresh=True, size=3.0, dtype="float64", **eps):
        """Arrays named a, b, …; ``fresh``: no gradient came before."""
        names = "abcde"[: len(sizes)]
        shapes = dict(zip(names, sizes, strict=True))

        def arrays(scale, reverse=False):
            order = reversed(shapes) if reverse else shapes
            return {name: (scale * _normal(rng, *shapes[name])).astype(dtype) for name in order}

        grads = [arrays(size) for _ in range(steps)]
        for one in grads:
            one["a"].flat[0] = 0  # with a memory of 0 this is 0 / ε
        mem = arrays(0.0 if fresh else 1.0, reverse=True)  # another order
        return {
            "params": arrays(1.0),
            "grads": grads,
            "mem": {name: value**2 for name, value in mem.items()},
            "lr": float(rng.uniform(0.05, 0.3)),
            **eps,
        }

    yield show("one step", **inputs(1, (3, 4), (5,), (2, 2)))
    yield show("one step", **inputs(1, (2, 3), (3,), fresh=False))
    yield show("one step", **inputs(1, (3, 3), (3, 3), (3, 3), fresh=False, eps=2.0))
    yield show("one step", **inputs(1, (4,), (2, 3), size=1e-7))  # where ε is not small
    yield hide("one step", **inputs(1, (1,), (1, 1), fresh=False, eps=0.5))
    yield hide("one step", **inputs(1, (2, 3, 2), (4, 1), size=30.0))
    yield hide("one step", **inputs(1, (3, 2), (2,), fresh=False, dtype="float32"))
    yield show("several steps", **inputs(3, (3, 4), (4,)))
    yield show("several steps", **inputs(4, (2, 2), (2, 2), (2, 2), (2, 2), eps=3.0))
    yield show("several steps", **inputs(2, (3,), (2, 2), size=20.0, fresh=False))
    yield hide("several steps", **inputs(5, (1,), (3, 2), (4,), (2, 3), (2,)))
    yield hide("several steps", **inputs(3, (2, 5), fresh=False, eps=2.0))
    yield hide("several steps", **inputs(3, (2, 2), (3,), dtype="float32"))
    yield show("nothing else", **inputs(2, (3, 2), (3,), size=1e-3))
    yield show("nothing else", **inputs(1, (2, 2), (2, 2), fresh=False, eps=3.0))
    yield hide("nothing else", **inputs(3, (4,), (2, 3), (1,), fresh=False))


@mistake("adagrad_step", "g is added to the memory without its square. The memory is a sum of squares: s + g². See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the absolute value of g is added to the memory. The memory is a sum of squares: s + g². See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += np.abs(g)
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the memory holds the square of the last gradient only: it is replaced where g² is to be added. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name][...] = g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the memory fades (as in RMSprop): the old one is multiplied by 0.9, and g² by 0.1. Adagrad adds g² to all of the old memory. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] *= 0.9
        mem[name] += 0.1 * g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the memory fades (as in RMSprop): the old one is multiplied by 0.99, and g² by 0.01. Adagrad adds g² to all of the old memory. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] *= 0.99
        mem[name] += 0.01 * g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the memory is one number for the whole array: the sum over all its elements is added. Each element has a memory of its own. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += (g**2).sum()
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the memory is one number for the whole array: the mean over all its elements is added. Each element has a memory of its own. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += (g**2).mean()
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the memory is changed into its root: √ stands in the step only. s ← s + g², without a root. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        mem[name] **= 0.5
        params[name] -= lr * g / (mem[name] + eps)


@mistake("adagrad_step", "g² is added to the memory twice. Once for each step. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += 2 * g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the learning rate is in the memory: (η g)² is added. It is g². See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += (lr * g) ** 2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "ε is added to the memory, too, in each step. It stands in the step only, beside the root. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2 + eps
        params[name] -= lr * g / np.sqrt(mem[name])


@mistake("adagrad_step", "the memory stays as it was; what is subtracted is as if it had got g². Change the array itself: mem[name] += … See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        s = mem[name] + g**2
        params[name] -= lr * g / (np.sqrt(s) + eps)


@mistake("adagrad_step", "the memory stays as it was, and the step is made with the old one. First s + g², then the step with the new s. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        pass
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the step is made with the old memory: g² is added only afterwards. First the memory, then the step. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)
        mem[name] += g**2


@mistake("adagrad_step", "the parameters stay as they were; only the memory is changed. Change the array itself: params[name] −= … See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2


@mistake("adagrad_step", "nothing has changed: params and mem are as before. Names such as p = p − … stand for new arrays, and the caller's stay as they are: change them in place, with += and −=.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        p, s = params[name], mem[name]
        s = s + g**2
        p = p - lr * g / (np.sqrt(s) + eps)


@mistake("adagrad_step", "ε stands under the root. It is added to the root: √s + ε. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / np.sqrt(mem[name] + eps)


@mistake("adagrad_step", "ε is missing, or not where it keeps 0 / 0 away: where the gradient and its memory are 0 the parameter is no number. The divisor is √s + ε. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / np.sqrt(mem[name])


@mistake("adagrad_step", "ε is always 1e−8: the argument eps is not used. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + 1e-8)


@mistake("adagrad_step", "ε is 1e−10 where no eps is given. The default is eps=1e-8. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + (1e-10 if eps == 1e-8 else eps))


@mistake("adagrad_step", "ε is 1e−7 where no eps is given. The default is eps=1e-8. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + (1e-7 if eps == 1e-8 else eps))


@mistake("adagrad_step", "ε is 1e−6 where no eps is given. The default is eps=1e-8. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + (1e-6 if eps == 1e-8 else eps))


@mistake("adagrad_step", "ε stands outside of the fraction, η g / √s + ε: a pair of brackets is missing. The divisor is √s + ε. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / np.sqrt(mem[name]) + eps


@mistake("adagrad_step", "the divisor is the larger one of √s and ε. It is their sum. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / np.maximum(np.sqrt(mem[name]), eps)


@mistake("adagrad_step", "the divisor is the memory itself: the root is missing. It is √s + ε. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (mem[name] + eps)


@mistake("adagrad_step", "the divisor is the square of the memory. It is its root: √s + ε. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (mem[name] ** 2 + eps)


@mistake("adagrad_step", "the step goes uphill: it is added to the parameters. It is subtracted. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] += lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the learning rate is missing: the values are those with η = 1. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the learning rate divides the step. It multiplies it. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= g / lr / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the gradient is missing in the step: η / (√s + ε). Its numerator is η g. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "only the sign of the gradient is used in the step. Its numerator is η g. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * np.sign(g) / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the step has g² in its numerator (g overwritten by its square?). It is η g / (√s + ε). See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g**2 / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "g is overwritten by its square: the step has g² in its numerator, and grads is changed. Write g**2 without =. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        g **= 2
        mem[name] += g
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "nothing is divided: it is the plain step p − η g. Adagrad divides it by √s + ε. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g


@mistake("adagrad_step", "the step is divided by the length of g, as if nothing had come before. The divisor is √s + ε, with the memory of all steps. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(g**2) + eps)


@mistake("adagrad_step", "the divisor is one number for the whole array, the root of the sum of its memory. Each element has its own: √s + ε. See “A step for each parameter”.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name].sum()) + eps)


@mistake("adagrad_step", "only one parameter is changed, the first one in grads: a return or break ends the loop too early, or no loop is there. All names have their turn.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)
        break


@mistake("adagrad_step", "only one parameter is changed, the last one in grads: what belongs into the loop stands behind it, one level too far to the left?", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    name, g = list(grads.items())[-1]
    mem[name] += g**2
    params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the parameters are changed of the last name only (the line stands behind the loop?); the memory of all of them. Both lines belong into the loop.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
    params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the arrays are paired by their place in the dictionaries, not by their names (zip?). The order is not always the same: look them up by name.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for p, g, s in zip(params.values(), grads.values(), mem.values(), strict=True):
        s += g**2
        p -= lr * g / (np.sqrt(s) + eps)


@mistake("adagrad_step", "the gradients are clipped between −5 and 5. Clipping is somebody else's business: take them as they are.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        g = np.clip(g, -5, 5)
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the gradients are clipped between −1 and 1. Clipping is somebody else's business: take them as they are.", fails=["one step", "several steps", "nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        g = np.clip(g, -1, 1)
        mem[name] += g**2
        params[name] -= lr * g / (np.sqrt(mem[name]) + eps)


@mistake("adagrad_step", "the values are right, but grads is changed: something is done to g in place (g *= …, g **= 2, g[...] = 0). Leave it as it is, and make new arrays: lr * g.", fails=["nothing else"])
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, g in grads.items():
        mem[name] += g**2
        g *= lr
        g /= np.sqrt(mem[name]) + eps
        params[name] -= g


@alternative("adagrad_step", "by the names of the parameters; np.add and np.subtract with out")
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name in params:
        np.add(mem[name], grads[name] * grads[name], out=mem[name])
        step = lr / (eps + mem[name] ** 0.5) * grads[name]
        np.subtract(params[name], step, out=params[name])


@alternative("adagrad_step", "assigned to the whole of each array")
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name, s in mem.items():
        p, g = params[name], grads[name]
        s[...] = s + np.square(g)
        p[...] = p - lr * (g / (np.sqrt(s) + eps))


@alternative("adagrad_step", "first all memories, then all parameters")
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name in grads:
        mem[name] += np.abs(grads[name]) ** 2
    for name in grads:
        rate = lr / (np.sqrt(mem[name]) + eps)
        params[name] += -rate * grads[name]


@alternative("adagrad_step", "row by row, on a flat view")
def adagrad_step(params, grads, mem, lr, eps=1e-8):
    for name in sorted(params):
        p, g, s = (arrays[name].reshape(-1) for arrays in (params, grads, mem))
        for k in range(len(p)):
            s[k] += g[k] * g[k]
            p[k] -= lr * g[k] / (s[k] ** 0.5 + eps)


# --- Exercise 5 --------------------------------------------------------------------------------------


def _most_probable(params, h, i, n):
    """The most probable characters, and by how much their logits are the largest, at least."""
    U, W, b, V, c = (params[name].astype(float) for name in ("U", "W", "b", "V", "c"))
    ids, margin = [], np.inf
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        second, first = np.sort(V @ h + c)[-2:]
        margin = min(margin, first - second)
        i = int(np.argmax(V @ h + c))
        ids.append(i)
    return ids, margin


@cases("sample")
def _(rng):
    def inputs(H, K, n, temperature, state=2.0, out=2.0, dtype="float64"):
        return {
            "params": _rnn(rng, H, K, state, out, dtype),
            "h": rng.uniform(-0.9, 0.9, H).astype(dtype),
            "first": int(rng.integers(1, K)),
            "n": n,
            "temperature": temperature,
            "seed": int(rng.integers(1, 10_000)),
        }

    def greedy(H, K, n, dtype="float64", various=4):
        """So that no two logits are nearly equal, and what follows a character is not always the same."""
        while True:
            case = inputs(H, K, n, 0, dtype=dtype)
            case["params"]["c"] /= 4
            ids, margin = _most_probable(case["params"], case["h"], case["first"], n)
            pairs = set(zip([case["first"], *ids], ids, strict=False))
            if margin > 0.02 and len(set(ids)) >= various and len(pairs) >= len({a for a, _ in pairs}) + various - 2:
                return case

    def many(H, K, temperature, texts, out, n=8):
        """As many texts; the first sixth of them begin alike."""
        case = inputs(H, K, n, temperature, state=1.5, out=out)
        h, first = rng.uniform(-0.9, 0.9, (texts, H)), rng.integers(1, K, texts)
        h[: texts // 6], first[: texts // 6] = h[0], first[0]
        return {**case, "h": h, "first": first}

    def cold(H, K, more):
        """Nothing is left to chance, as no two logits are nearly equal; exp(o / 0.001) is inf, or 0, for all of them."""
        while True:
            case = many(H, K, 0.001, 4, out=0.8, n=5)
            starts = zip(case["h"], case["first"], strict=True)
            ids, margins = zip(*(_most_probable(case["params"], h, first, 5) for h, first in starts), strict=True)
            if min(margins) > 0.3 and np.any(ids):
                case["params"]["c"] += more
                return case

    for H, K in ((6, 6), (5, 7), (6, 6), (4, 5)):
        yield show("temperature 0", **greedy(H, K, 14))
    yield show("temperature 0", **inputs(3, 4, 0, 0))
    for H, K in ((8, 6), (6, 6)):
        yield hide("temperature 0", **greedy(H, K, 14))
    yield hide("temperature 0", **greedy(6, 5, 14, "float32"))
    yield hide("temperature 0", **greedy(1, 2, 1, various=1))
    yield show("frequencies", **many(5, 5, 0.4, 80, out=0.8))
    yield show("frequencies", **many(5, 7, 2.5, 80, out=2.0))
    yield show("frequencies", **cold(4, 4, 5.0))
    yield hide("frequencies", **many(6, 6, float(rng.uniform(0.35, 0.45)), 80, out=0.8))
    yield hide("frequencies", **cold(3, 4, -5.0))
    for make in (show, hide):
        yield make("chance", **inputs(5, 6, int(rng.integers(50, 70)), 1.3, state=0.7, out=0.7), other_seed=10_000 + int(rng.integers(10_000)))


@mistake("sample", "the frequencies are not those of softmax(o / temperature), and of nothing that has a name here: another p, or an index that is one too large or too small? Print p for one step, and count what is drawn. See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
            i = (i + 1) % len(p)
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "at temperature 0.001 the most probable characters are drawn, as they should be; at others the frequencies are not those of softmax(o / temperature), and of nothing that has a name here. Print p for one step, and count what is drawn. See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
            if temperature > 0.01:
                i = (i + 1) % len(p)
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "every seed and every call gives the same text: rng is not used. A generator of your own with a fixed seed takes its place, or nothing is drawn at all. Draw with rng.choice or rng.random.", fails=["frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    rng = np.random.default_rng(0)
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the logits are multiplied by the temperature, and have to be divided by it: yours is colder where it should be warmer. See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            z = o * temperature
            p = np.exp(z - z.max())
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the temperature is not used: the frequencies are those of softmax(o). They are those of softmax(o / temperature). (p / temperature, divided by its sum, is p again.) See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            z = o
            p = np.exp(z - z.max())
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the temperature is squared: the frequencies are those of softmax(o / temperature²). See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            z = o / temperature**2
            p = np.exp(z - z.max())
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the root of the temperature is taken: the frequencies are those of softmax(o / √temperature). See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            z = o / temperature**0.5
            p = np.exp(z - z.max())
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the temperature comes after the softmax, and then a second softmax: softmax(softmax(o) / temperature). Divide the logits: softmax(o / temperature). See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp(o - o.max())
            z = p / p.sum() / temperature
            p = np.exp(z - z.max())
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the softmax is applied twice. p = softmax(o / temperature), once. See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            p = np.exp(p / p.sum())
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the sign is wrong: improbable characters come often, as from softmax(−o / temperature). See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            z = -o / temperature
            p = np.exp(z - z.max())
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "all characters are equally likely: rng.integers, or rng.choice without p=. The network says how often each one comes. See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(rng.choice(len(p)))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "always the most probable character is taken, at every temperature. That is for temperature 0; else it is drawn, with the probabilities softmax(o / temperature). See “Drawing from the model”.", fails=["frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if True:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "at temperature 0 the characters are drawn as if it were 1. There is nothing to draw: take the most probable one, np.argmax. See “Drawing from the model”.", fails=["temperature 0"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if True:
            p = np.exp((o - o.max()) / (temperature or 1))
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "at temperature 0 the least probable character is taken. The most probable one is asked for: np.argmax. See “Drawing from the model”.", fails=["temperature 0"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmin(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "at temperature 0 every character is 0, as it comes from probabilities that are no numbers (o / 0), or from the argmax of them. Take np.argmax(o). See “Drawing from the model”.", fails=["temperature 0"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(0 * o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "at temperature 0 the logit that is largest in size is taken, be it below 0. The most probable one is asked for: np.argmax(o), without np.abs. See “Drawing from the model”.", fails=["temperature 0"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(np.abs(o)))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "at temperature 0.001 the characters are not the most probable ones, though others follow softmax(o / temperature): exp(o / 0.001) overflows. Subtract the largest logit before you divide. See “Drawing from the model”.", fails=["frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp(o / temperature)
            p = p / p.sum()
            i = min(int(np.searchsorted(np.cumsum(p), rng.random())), len(p) - 1)
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the state is not updated: at every step the character goes in beside the h of the beginning. The new h goes into the next step. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        a = np.tanh(U[:, i] + W @ h + b)
        o = V @ a + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "what was drawn is not fed back: at every step the first character goes in. The drawn one is the next input. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, first] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "h is not used: the text begins with a state of zeros. The state before the first character is h. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i, h = [], first, np.zeros_like(h)
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "first is not used: character 0 goes in first. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], 0
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the first character goes in twice: before the loop, or in its first two steps. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    h = np.tanh(U[:, i] + W @ h + b)
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "each character goes in twice: the state is updated twice for each one that is drawn. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the logits are made of the state before the character goes in. First the new h, then o = V h + c. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        o = V @ h + c
        h = np.tanh(U[:, i] + W @ h + b)
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "each drawn character goes in one step later than it should: after it the one before goes in once more. What was drawn last is the next input. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i, i_before = [], first, first
    for _ in range(n):
        h = np.tanh(U[:, i_before] + W @ h + b)
        i_before = i
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the result begins with the first character, and its last one is missing. The first one is no part of the result. See “Drawing from the model”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        ids.append(i)
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
    return np.array(ids, dtype=int)


@mistake("sample", "the bias b is missing in the states: a = U x + W h + b (notebook 01).", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, V, c = (params[name] for name in ("U", "W", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the bias c is missing in the logits: o = V h + c (notebook 01).", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V = (params[name] for name in ("U", "W", "b", "V"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "W h is missing in the state: what came before the last character is forgotten. See “A text is a sequence”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, b, V, c = (params[name] for name in ("U", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "no character goes into the state: U is missing. Its column U[:, i] belongs there. See “A text is a sequence”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    W, b, V, c = (params[name] for name in ("W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "tanh is missing in the states. See “A text is a sequence”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = U[:, i] + W @ h + b
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the states are made by a sigmoid. They are made by tanh. See “A text is a sequence”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = 1 / (1 + np.exp(-(U[:, i] + W @ h + b)))
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "W is transposed: h is a single vector here, so that it is W @ h (or h @ W.T). The shapes do not warn you, because W is square. See “A text is a sequence”.", fails=["temperature 0", "frequencies"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + h @ W + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "a row of U is taken for a column, U[i]: it only runs when H = D. U[:, i] is the column of character i. See “A text is a sequence”.", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "V is transposed, which only runs when H = O: h is a single vector here, so that it is V @ h (or h @ V.T). See “A text is a sequence”.", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = h @ V + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the result has n + 1 characters, and begins with the first one. It is no part of the result.", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [first], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "one character more than n is drawn, or the last one comes twice. The result has n characters.", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids + ids[-1:] if ids else [0], dtype=int)


@mistake("sample", "the last character is missing: n are to be drawn, and n − 1 are. range(n) has n passes.", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids[:-1], dtype=int)


@mistake("sample", "the characters stand in columns, (n, 1). Asked is (n,).", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)[:, None]


@mistake("sample", "only the last character is returned. All n are asked for: append each to a list.", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(i)


@mistake("sample", "the values are right, but h is changed in place. The caller still needs it: make a new array in each step.", fails=["temperature 0", "frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h[...] = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the characters come from np.random, NumPy's global generator, not from rng: the same seed gives another text each time. Draw with rng.choice or rng.random.", fails=["chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), np.random.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the global generator is seeded and used (np.random.seed?). rng is ignored, and other code that draws from np.random is disturbed. Draw with rng.choice or rng.random.", fails=["frequencies", "chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    np.random.seed(0)
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), np.random.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the global generator is seeded or used, though the text follows rng. Other code that draws from np.random is disturbed: draw with rng only.", fails=["chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    np.random.seed(int(rng.integers(1000000)))
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), np.random.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@mistake("sample", "the same seed gives another text each time, and the global generator is not it: a new generator without a seed is made (np.random.default_rng(), or Python's own random). Draw with rng.choice or rng.random.", fails=["chance"])
def sample(params, h, first, n, temperature, rng):
    U, W, b, V, c = (params[name] for name in ("U", "W", "b", "V", "c"))
    ids, i = [], first
    rng = np.random.default_rng()
    for _ in range(n):
        h = np.tanh(U[:, i] + W @ h + b)
        o = V @ h + c
        if temperature == 0:
            i = int(np.argmax(o))
        else:
            p = np.exp((o - o.max()) / temperature)
            i = int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side='right'))
        ids.append(i)
    return np.array(ids, dtype=int)


@alternative("sample", "inverse of the cumulative sums")
def sample(params, h, first, n, temperature, rng):
    character, text = first, np.zeros(n, dtype=int)
    for k in range(n):
        h = np.tanh(params["U"][:, character] + params["W"].dot(h) + params["b"])
        o = params["V"].dot(h) + params["c"]
        if temperature > 0:
            o = (o - np.max(o)) / temperature
            sums = np.cumsum(np.exp(o))
            character = np.searchsorted(sums, rng.random() * sums[-1], side="right")
        else:
            character = o.argmax()
        text[k] = character
    return text


@alternative("sample", "Gumbel noise on the logits")
def sample(params, h, first, n, temperature, rng):
    text = [first]
    for _ in range(n):
        h = np.tanh(h @ params["W"].T + params["U"].T[text[-1]] + params["b"])
        o = h @ params["V"].T + params["c"]
        noise = rng.gumbel(size=o.shape)
        text.append(np.argmax(o + temperature * noise))
    return np.array(text[1:], dtype="int64")


@alternative("sample", "one-hot vectors, a multinomial draw, a temperature that is never 0")
def sample(params, h, first, n, temperature, rng):
    eye = np.eye(len(params["c"]))
    x, text = eye[first], np.empty((n,), dtype=np.int32)
    for k in range(n):
        h = np.tanh(params["U"] @ x + params["W"] @ h + params["b"])
        o = (params["V"] @ h + params["c"]).astype(float)
        e = np.exp((o - o.max()) / max(temperature, 1e-9))
        x = rng.multinomial(1, e / np.sum(e))
        text[k] = np.flatnonzero(x)[0]
    return text


@alternative("sample", "all uniform numbers first, and a count of the sums below")
def sample(params, h, first, n, temperature, rng):
    def probabilities(o):
        if temperature == 0:
            return (np.arange(len(o)) == np.argmax(o)) * 1.0
        z = o / temperature
        p = np.exp(z - z.max())
        return p / p.sum()

    text = []
    for u in rng.random(n):
        i = text[-1] if text else first
        h = np.tanh(params["U"][:, i] + params["W"] @ h + params["b"])
        p = probabilities(params["V"] @ h + params["c"])
        text.append(int((np.cumsum(p)[:-1] <= u).sum()))
    return np.asarray(text, dtype=int)


@alternative("sample", "a race of exponential waiting times; recursion")
def sample(params, h, first, n, temperature, rng):
    if n == 0:
        return np.zeros(0, dtype=int)
    h = np.tanh(params["U"][:, first] + params["W"] @ h + params["b"])
    o = params["V"] @ h + params["c"]
    if temperature == 0:
        i = np.argsort(o)[-1]
    else:
        waiting = np.log(rng.exponential(size=len(o)))
        i = np.argmin(waiting - o / temperature)
    return np.append(i, sample(params, h, i, n - 1, temperature, rng))
