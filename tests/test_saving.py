import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from course_lib import saving
from course_lib.backend import Rng, array_namespace, asnumpy
from course_lib.cells import LSTM, kernels
from course_lib.cells.output import Output
from course_lib.saving import LaterVersion, load, save

FACTS = {
    "cell": "LSTM",
    "sizes": [65, 128],
    "lr": 0.1,
    "coupled": False,
    "peephole": None,
    "vocabulary": {"ä": 0, "\n": 1, "": 2},
    "path": "a fact may be called this",
}


def parameters():
    rng = Rng(0)
    return LSTM(3, 2, rng, peephole="full").params | Output(2, 4, rng, "float64").params


def small(tmp_path):
    path = tmp_path / "model.npz"
    params = {"W": np.array([[1.5, -2.0], [np.inf, 0.25]], "float32"), "b": np.arange(3.0)}
    save(path, params, cell="RNN", steps=7)
    return path, params, {"cell": "RNN", "steps": 7}


def equal(params, others):
    pairs = [(asnumpy(params[name]), asnumpy(others[name])) for name in params if name in others]
    return params.keys() == others.keys() and all(
        one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True) for one, other in pairs
    )


# There and back


def test_what_was_saved_is_loaded(xp_backend, tmp_path):
    params = parameters()
    save(tmp_path / "model.npz", params, **FACTS)
    loaded, facts = load(tmp_path / "model.npz")
    assert equal(loaded, params)
    assert list(loaded) == list(params)
    assert facts == FACTS
    assert all(array_namespace(array) is xp_backend for array in loaded.values())


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.5),
        np.zeros((0, 4), "float32"),
        np.array([np.nan, -np.inf, -0.0, 5e-324]),
        np.arange(6, dtype="float16").reshape(2, 3).T,
        np.arange(10)[::2],
        np.array([True, False]),
        np.array([[1 + 2j]]),
        np.arange(3, dtype=">i4"),
    ],
)
def test_arrays_of_every_kind(tmp_path, array):
    save(tmp_path / "model", {"p": array})
    loaded = load(tmp_path / "model")[0]["p"]
    assert loaded.tobytes() == array.tobytes()
    assert (loaded.shape, loaded.dtype) == (array.shape, array.dtype)
    loaded[...] = 0  # may be trained further


@pytest.mark.parametrize("name", ["file", "allow_pickle", "header.json", "layer/0.W", "../W", "ä b"])
def test_names_of_every_kind(tmp_path, name):
    save(tmp_path / "model.npz", {name: np.ones(2)})
    assert load(tmp_path / "model.npz")[0][name].tolist() == [1, 1]


def test_neither_parameters_nor_facts(tmp_path):
    save(tmp_path / "model.npz", {})
    assert load(tmp_path / "model.npz") == ({}, {})


@pytest.mark.parametrize("name", ["model", "model.npz", "model.txt", ".npz"])
def test_the_file_has_the_name_given(tmp_path, name):
    save(str(tmp_path / name), {"b": np.ones(2)})
    assert os.listdir(tmp_path) == [name]
    assert load(str(tmp_path / name))[0]["b"].tolist() == [1, 1]


def test_a_name_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("model.npz", {"b": np.ones(2)})
    assert load("model.npz")[0]["b"].tolist() == [1, 1]


def test_numpy_reads_it_too(tmp_path):
    path, params, _ = small(tmp_path)
    with np.load(path, allow_pickle=False) as archive:
        assert equal({name: archive[name] for name in params}, params)


def test_the_same_gives_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        save(tmp_path / name, parameters(), **FACTS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_back_into_a_cell(tmp_path):
    cell, output, x = LSTM(3, 2, Rng(0)), Output(2, 4, Rng(1)), Rng(2).normal((5, 1, 3))
    save(tmp_path / "model.npz", cell.params | output.params)
    other, other_output = LSTM(3, 2, Rng(3)), Output(2, 4, Rng(4))
    params, _ = load(tmp_path / "model.npz")
    other.params.update({name: params[name] for name in other.params})
    other_output.params.update({name: params[name] for name in other_output.params})
    with kernels.use("plain"):
        expected = output.forward(cell.forward(x)[0])[0]
        assert np.array_equal(other_output.forward(other.forward(x)[0])[0], expected)


# What cannot be saved


@pytest.mark.parametrize(
    "fact",
    [(1, 2), {1: "a"}, {"a": {2: 3}}, float("nan"), [float("inf")], {1, 2}, b"a", np.int64(3), np.ones(2), object()],
)
def test_facts_that_are_not_json(tmp_path, fact):
    with pytest.raises(TypeError, match=r"fact sizes is .*; it has to be text"):
        save(tmp_path / "model.npz", {}, sizes=fact)
    assert not os.listdir(tmp_path)


def test_objects(tmp_path):
    with pytest.raises(TypeError, match=r"params\['b'\] holds Python objects"):
        save(tmp_path / "model.npz", {"b": np.array([None])})
    assert not os.listdir(tmp_path)


# A write that fails


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    "owner, name, call",  # the call that fails; before it the header and the first array have been written
    [(zipfile.ZipFile, "open", 3), (np.lib.format, "write_array", 2), (os, "fsync", 1), (os, "replace", 1)],
)
def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch, owner, name, call, exists):
    path, before, function, calls = tmp_path / "model.npz", b"old", getattr(owner, name), []
    if exists:
        path.write_bytes(before)

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) == call:
            assert len(os.listdir(tmp_path)) == 1 + exists  # what is written is beside the file
            raise OSError("disk full")
        return function(*args, **kwargs)

    monkeypatch.setattr(owner, name, failing)
    with pytest.raises(OSError, match="disk full"):
        save(path, {"W": np.zeros(2), "b": np.zeros(2)})
    assert len(calls) == call
    assert os.listdir(tmp_path) == (["model.npz"] if exists else [])
    assert not exists or path.read_bytes() == before


def test_a_new_file_takes_the_place_of_the_old_one(tmp_path):
    path, _, _ = small(tmp_path)
    save(path, {"c": np.ones(1)})
    assert list(load(path)[0]) == ["c"]
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "none" / "model.npz", {})


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "model.npz").mkdir()
    with pytest.raises(OSError):
        save(tmp_path / "model.npz", {})
    assert os.listdir(tmp_path) == ["model.npz"]


# Files that cannot be loaded


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model\.npz"):
        load(tmp_path / "model.npz")


def refused(path):
    with pytest.raises(ValueError) as caught:
        load(path)
    message = str(caught.value)
    assert not isinstance(caught.value, LaterVersion)
    assert message.startswith(f"{path} is not a whole file of parameters (")
    assert message.endswith("); write it again with course_lib.saving.save, or take another copy")


def test_files_that_were_cut_off(tmp_path):
    path, _, _ = small(tmp_path)
    data = path.read_bytes()
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        refused(path)


@pytest.mark.parametrize("change", [1, 2, 4, 8, 16, 32, 64, 128, 255])
def test_changed_bytes_are_seen_or_change_nothing(tmp_path, change):
    path, params, facts = small(tmp_path)
    data, seen = path.read_bytes(), 0
    for i in range(len(data)):
        changed = bytearray(data)
        changed[i] ^= change
        path.write_bytes(changed)
        try:
            loaded, loaded_facts = load(path)
        except ValueError:
            refused(path)
            seen += 1
        else:
            assert equal(loaded, params)
            assert loaded_facts == facts
    assert seen > len(data) / 2


class Trap:
    """Shows when a pickle is opened."""

    opened = False

    def __reduce__(self):
        return setattr, (Trap, "opened", True)


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def archive(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    return file.getvalue()


def header(**changes):
    known = {"format": saving.FORMAT, "version": saving.VERSION, "params": ["b"], "facts": {}}
    return json.dumps(known | changes)


OURS = {"header.json": header(), "b.npy": npy(np.ones(2))}
FOREIGN = {
    "empty": b"",
    "text": b"W = [[1, 2], [3, 4]]\n",
    "npy": npy(np.ones(3)),
    "pickle": pickle.dumps(Trap()),
    "zip": archive({"readme.txt": "PK"}),
    "npz": archive({"b.npy": npy(np.ones(2))}),
    "header that is text": archive(OURS | {"header.json": "b"}),
    "header that is a list": archive(OURS | {"header.json": "[1]"}),
    "header that is not UTF-8": archive(OURS | {"header.json": b"\xff\xfe\x00"}),
    "another format": archive(OURS | {"header.json": header(format="weights")}),
    "a version in words": archive(OURS | {"header.json": header(version="new")}),
    "no facts": archive(OURS | {"header.json": header(facts=None)}),
    "a parameter that is missing": archive(OURS | {"header.json": header(params=["b", "W"])}),
    "a parameter that is text": archive(OURS | {"b.npy": b"1.0"}),
    "a parameter that is cut off": archive(OURS | {"b.npy": npy(np.ones(2))[:-1]}),
    "a parameter that is a pickle": archive(OURS | {"b.npy": pickle.dumps(Trap())}),
    "a pickle in an array": archive(OURS | {"b.npy": npy(np.array([Trap()]), allow_pickle=True)}),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_files_of_another_kind(tmp_path, kind):
    path = tmp_path / "model.npz"
    path.write_bytes(FOREIGN[kind])
    refused(path)
    assert not Trap.opened


def test_the_examples_above_are_one_step_from_a_file_of_ours(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(archive(OURS))
    assert load(path)[0]["b"].tolist() == [1, 1]


def test_a_later_version(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(archive({"header.json": header(version=saving.VERSION + 1, params=None)}))
    with pytest.raises(LaterVersion, match=rf"{path} has version 2 .* none later than 1; update course_lib"):
        load(path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing to write model\.npz into"):
        save(tmp_path / "missing" / "model.npz", {})
