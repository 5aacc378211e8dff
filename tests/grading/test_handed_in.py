"""Zip files that somebody made to do harm, and those that platforms make: what is read, what is said, and no more."""

import os
import stat
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from classes import NOTEBOOK
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.grading import handed_in
from course_lib.grading.graft import MOST_BYTES
from course_lib.grading.handed_in import Unusable
from course_lib.grading.submissions import find

FILE = f"{NOTEBOOK}.ipynb"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "download.zip"


def info(name, mode=stat.S_IFREG | 0o644, when=(2026, 11, 20, 12, 0, 0)):
    made = zipfile.ZipInfo(name, when)
    made.create_system, made.external_attr = 3, mode << 16
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def pack(path, *entries):
    """Write a zip file of (name or ZipInfo, bytes)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries:
            archive.writestr(name if isinstance(name, zipfile.ZipInfo) else info(name), data)
    return path


def patched(path, local, listed, value):
    """Overwrite a field of the first file of a zip: at these places of its own header and of its entry in the list."""
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", listed)):
        place = data.index(signature) + offset
        data[place : place + len(value)] = value
    path.write_bytes(data)
    return path


def contents(path):
    """What each notebook gives: its bytes or a sentence; and what was passed over."""
    listing = handed_in.listing(path)
    read = {str(place): handed_in.read(entry) for place, entry in listing.notebooks}
    return {place: problem if data is None else data for place, (data, problem) in read.items()}, listing.passed_over


def test_a_zip_file_is_read_like_the_folder_it_was_made_of(path, tmp_path):
    names = [f"ada/{FILE}", f"ben/hw/{FILE}", f"cleo_{FILE}", f"dan/.ipynb_checkpoints/{FILE}", "eve/note.txt"]
    for name in names:
        file = tmp_path / "folder" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    pack(path, *((name, name) for name in names))
    one, two = (find(source, [NOTEBOOK]) for source in (tmp_path / "folder", path))
    assert one[1] == two[1] == []
    read = [{s.student: handed_in.read(s.path)[0] if s.path else None for s in each[0]} for each in (one, two)]
    there = {"ada": names[0].encode(), "ben": names[1].encode(), "cleo": names[2].encode()}
    assert read[0] == read[1] == there | {"dan": None, "eve": None}


def test_folders_in_folders_are_looked_into_as_deep_as_a_notebook_may_lie_and_the_rest_is_said(tmp_path):
    """One for each level would be beyond what Python may call in itself."""
    place = tmp_path / "eve" / "1" / "2"
    place.mkdir(parents=True)
    (place / FILE).touch()
    before = os.getcwd()
    try:
        os.chdir(place)
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        Path(FILE).touch()
    finally:
        os.chdir(before)
    (tmp_path / "zoe").mkdir()
    (tmp_path / "zoe" / FILE).touch()
    try:
        submissions, passed_over = find(tmp_path, [NOTEBOOK])
    finally:  # pytest's own way calls itself for each of them
        subprocess.run(["rm", "-r", tmp_path / "eve"], check=True)
    assert [(s.student, bool(s.path)) for s in submissions] == [("eve", False), ("zoe", True)]
    assert passed_over[0] == f"{place / 'd'}: too deep, nobody looks into it"
    assert len(passed_over) == 2 and passed_over[1].startswith(f"eve/1/2/{FILE}: too deep: ")


def test_reading_a_zip_file_writes_nothing(path, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)
    pack(path, (f"ada/{FILE}", b"1"), ("../escaped.ipynb", b"2"))
    contents(path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "name",
    [f"../{FILE}", f"ada/../../{FILE}", f"/etc/{FILE}", f"C:\\x\\{FILE}", f"..\\..\\{FILE}", f"ada/../ben/{FILE}"],
)
def test_a_name_that_leads_out_is_passed_over_and_said(path, name):
    read, passed_over = contents(pack(path, (name, b"evil"), (f"ada/{FILE}", b"fine")))
    assert read == {f"ada/{FILE}": b"fine"}
    assert len(passed_over) == 1 and passed_over[0].endswith(": its name leads out of the zip file")


def test_a_name_too_long_for_a_folder_of_results_is_passed_over_and_said(path):
    read, [line] = contents(pack(path, ("é" * 128 + f"/{FILE}", b"1"), ("é" * 127 + f"/{FILE}", b"2")))
    assert list(read.values()) == [b"2"] and line.endswith("…: its name is too long")


def test_links_and_what_is_no_file_are_a_sentence(path, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    kinds = {"link": stat.S_IFLNK, "pipe": stat.S_IFIFO, "device": stat.S_IFCHR}
    pack(path, *((info(f"{name}/{FILE}", kind | 0o644), str(secret)) for name, kind in kinds.items()))
    assert contents(path)[0] == {
        f"link/{FILE}": "The file is a link that leads elsewhere: hand in the notebook itself.",
        f"pipe/{FILE}": "This is not a file: hand in the notebook itself.",
        f"device/{FILE}": "This is not a file: hand in the notebook itself.",
    }


def test_an_encrypted_notebook_is_a_sentence_and_its_neighbour_is_read(path):
    patched(pack(path, (f"ben/{FILE}", b"locked"), (f"ada/{FILE}", b"fine")), 6, 8, b"\x01")
    assert contents(path)[0] == {
        f"ada/{FILE}": b"fine",
        f"ben/{FILE}": "The file is encrypted in the zip file: hand in the notebook itself.",
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_a_method_that_unpacks_a_piece_to_any_size_is_not_tried(path, method):
    entry = info(f"ada/{FILE}")
    entry.compress_type = method if method != 99 else zipfile.ZIP_STORED
    pack(path, (entry, b"0" * 10**6))
    patched(path, 8, 10, bytes([method]))
    assert contents(path)[0] == {f"ada/{FILE}": "The file is packed in an unusual way: hand in the notebook itself."}


# --- Bombs ------------------------------------------------------------------------------------------------------


def peak(function, *arguments):
    """What a call returns, and the most memory that Python had taken for it."""
    tracemalloc.start()
    try:
        return function(*arguments), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_notebook_that_is_too_large_is_not_unpacked(path):
    with zipfile.ZipFile(path, "w") as archive, archive.open(info(f"ada/{FILE}"), "w") as file:
        for _ in range(101):
            file.write(b"0" * 2**20)
    assert path.stat().st_size < 2**20
    (read, _), memory = peak(contents, path)
    assert read == {f"ada/{FILE}": "The file has 101 MB: clear its outputs and hand it in again."}
    assert memory < 2**21


def test_one_that_claims_to_be_small_is_read_no_further_than_it_claims(path):
    size = 64 * 2**20
    pack(path, (f"ada/{FILE}", b"0" * size), (f"ben/{FILE}", b"fine"))
    patched(path, 22, 24, struct.pack("<L", 1000))
    (read, _), memory = peak(contents, path)
    assert read == {
        f"ada/{FILE}": f"The file is damaged in the zip file (Bad CRC-32 for file 'ada/{FILE}').",
        f"ben/{FILE}": b"fine",
    }
    assert memory < 2**21


def test_as_much_as_a_notebook_may_have_is_read_and_not_a_byte_more(path):
    pack(path, (f"ada/{FILE}", b"0" * MOST_BYTES), (f"ben/{FILE}", b"0" * (MOST_BYTES + 1)))
    read, _ = contents(path)
    assert len(read[f"ada/{FILE}"]) == MOST_BYTES
    assert read[f"ben/{FILE}"] == "The file has 20 MB: clear its outputs and hand it in again."


def test_more_names_than_a_class_hands_in_are_not_even_listed(path):
    pack(path, (f"ada/{FILE}", b""))
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    entry = data[start : data.index(b"PK\x05\x06")]
    number = MOST_BYTES // len(entry) + 1
    end = bytearray(data[data.index(b"PK\x05\x06") :])
    end[12:16] = struct.pack("<L", number * len(entry))
    path.write_bytes(data[:start] + entry * number + end)
    with pytest.raises(Unusable, match="it claims to hold far more files than a class hands in"):
        handed_in.listing(path)


def test_pieces_that_many_names_share_are_given_to_each_or_refused(path):
    """The bomb of overlapping files: every name unpacks the same piece. One at a time they do no harm."""
    pack(path, (f"a000/{FILE}", b"0" * 2**20))
    data = path.read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = b"".join(data[start:end].replace(b"a000", b"a%03d" % number) for number in range(200))
    tail = bytearray(data[end:])
    tail[8:16] = struct.pack("<HHL", 200, 200, len(entries))
    path.write_bytes(data[:start] + entries + tail)
    read, _ = contents(path)
    assert len(read) == 200
    assert all(isinstance(given, str) and "damaged" in given for place, given in read.items() if "a000" not in place)


# --- Names ------------------------------------------------------------------------------------------------------


def test_two_of_one_name_are_said_and_the_first_counts(path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        pack(path, (f"ada/{FILE}", b"first"), (f"ada/{FILE}", b"second"))
    submissions, [line] = find(path, [NOTEBOOK])
    assert [handed_in.read(submission.path)[0] for submission in submissions] == [b"first"]
    assert line == f"ada/{FILE}: ada handed in {NOTEBOOK} twice, ada/{FILE} counts"


def test_names_in_utf_8_are_known_with_and_without_the_mark_for_it(path):
    pack(path, (f"josé/{FILE}", b"1"), (f"漢/{FILE}", b"2"))
    assert set(contents(path)[0]) == {f"josé/{FILE}", f"漢/{FILE}"}
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        place = -1
        while (place := data.find(signature, place + 1)) >= 0:
            data[place + offset] &= ~0x08
    path.write_bytes(data)
    assert contents(path)[0] == {f"josé/{FILE}": b"1", f"漢/{FILE}": b"2"}


def test_a_name_that_is_wrongly_marked_as_utf_8_makes_the_zip_file_unusable_and_says_what_to_do(path):
    pack(path, (f"josé/{FILE}", b"1"))
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    with pytest.raises(Unusable, match=r"cannot be read as a zip file .*: unpack it, and give the folder"):
        handed_in.listing(path)


def test_folders_of_windows_and_what_macos_adds(path):
    names = [f"ada\\{FILE}", "__MACOSX/ada/._" + FILE, "__MACOSX/._ada", f"./ben/{FILE}", "cleo/", ".DS_Store"]
    pack(path, *((name, b"1") for name in names))
    assert {s.student: bool(s.path) for s in find(path, [NOTEBOOK])[0]} == {"ada": True, "ben": True, "cleo": False}


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"PK\x05\x06" + b"\0" * 10, b"\0" * 100])
def test_what_is_no_zip_file_is_said(path, data):
    path.write_bytes(data)
    with pytest.raises(Unusable, match="is neither a folder nor a zip file"):
        handed_in.listing(path)


def test_a_zip_file_that_may_not_be_read_is_said(path):
    with pytest.raises(Unusable, match="cannot be read: No such file or directory"):
        handed_in.listing(path)


BASE = [
    (f"ada/{FILE}", b'{"cells": []}' * 9),
    (f"ben/hw/{FILE}", b"{}"),
    ("ben/hw/timestamp.txt", b"2026-11-20 10:00:00"),
]


@settings(max_examples=300, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 60),
)
def test_no_damage_stops_more_than_what_it_hits(tmp_path_factory, changes, cut):
    path = pack(tmp_path_factory.mktemp("zip") / "x.zip", *BASE)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data[: len(data) - cut if cut > 50 else len(data)])
    try:
        submissions, passed_over = find(path, [NOTEBOOK])
    except Unusable:
        return
    for submission in submissions:
        if submission.path:
            data, problem = handed_in.read(submission.path)
            assert (data is None) == bool(problem)
    assert all(isinstance(line, str) for line in passed_over)


def test_files_are_listed_by_name_however_they_lie_in_a_folder_or_a_zip_file(path, tmp_path):
    """Which of two counts is then the same everywhere."""
    names = [f"{top}/{name}" for top in "cafebd" for name in (f"{number}.ipynb" for number in (3, 1, 5, 0, 4, 2))]
    names += [f"a/{folder}/{FILE}" for folder in ("x3", "x1", "x5", "x0", "x4", "x2")]
    for name in names:
        write(tmp_path / "folder" / name, "")
    pack(path, *((name, b"") for name in names))
    for source in (tmp_path / "folder", path):
        assert [str(place) for place, _ in handed_in.listing(source).notebooks] == sorted(names)


# --- Times ------------------------------------------------------------------------------------------------------


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def times(source):
    submissions, passed_over = find(source, [NOTEBOOK])
    return {s.student: s.time for s in submissions}, passed_over


def test_the_time_of_a_file_is_when_it_was_changed(tmp_path):
    when = datetime(2026, 11, 20, 22, 59, tzinfo=UTC)
    os.utime(write(tmp_path / "ada" / FILE, ""), (0, when.timestamp()))
    assert times(tmp_path) == ({"ada": when}, [])


def test_nbgraders_timestamp_beside_it_is_better_and_without_a_zone_in_utc(tmp_path):
    """Its forms: Exchange.timestamp_format with and without another zone, and what zip_collect writes."""
    for student, text in {
        "a": "2015-02-02 15:58:23.948203 UTC",
        "b": "2015-02-02 15:58:23.948203 America/Los_Angeles",
        "c": "2015-02-02 15:58:23.948203 -0800",
        "d": "2015-02-02 15:58:23\n",
    }.items():
        write(tmp_path / student / "ps1" / FILE, "")
        write(tmp_path / student / "ps1" / "timestamp.txt", text)
    utc = datetime(2015, 2, 2, 15, 58, 23, 948203, tzinfo=UTC)
    west = utc.replace(hour=23)
    assert times(tmp_path) == ({"a": utc, "b": west, "c": west, "d": utc.replace(microsecond=0)}, [])


@pytest.mark.parametrize("text", ["", "yesterday", "2015-02-02 15:58:23 Mars/Olympus", "9999-12-31 23:59:59 -0800"])
def test_a_timestamp_that_is_none_is_said_and_the_files_own_time_counts(tmp_path, text):
    os.utime(write(tmp_path / "ada" / "ps1" / FILE, ""), (0, 0))
    write(tmp_path / "ada" / "ps1" / "timestamp.txt", text)
    found, [line] = times(tmp_path)
    assert found == {"ada": datetime(1970, 1, 1, tzinfo=UTC)}
    assert line.startswith(f"ada/ps1/{FILE}: its timestamp.txt is passed over: ") and "is no time" in line


def test_a_timestamp_that_is_a_link_or_a_pipe_is_not_followed(tmp_path):
    os.utime(write(tmp_path / "in" / "ada" / "ps1" / FILE, ""), (0, 0))
    write(tmp_path / "elsewhere", "2015-02-02 15:58:23")
    (tmp_path / "in" / "ada" / "ps1" / "timestamp.txt").symlink_to(tmp_path / "elsewhere")
    os.utime(write(tmp_path / "in" / "ben" / "ps1" / FILE, ""), (0, 0))
    os.mkfifo(tmp_path / "in" / "ben" / "ps1" / "timestamp.txt")
    assert set(times(tmp_path / "in")[0].values()) == {datetime(1970, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize("zone, hour", [("UTC0", 12), ("CET-1", 11), ("EST5", 17)])
def test_a_zip_file_notes_the_local_time(path, tmp_path, zone, hour):
    pack(path, (f"ada/{FILE}", b""), (f"ben/ps1/{FILE}", b""), ("ben/ps1/timestamp.txt", "2015-02-02 15:58:23 UTC"))
    script = (
        "from pathlib import Path; from course_lib.grading.submissions import find\n"
        f"for s in find(Path({str(path)!r}), [{NOTEBOOK!r}])[0]: print(s.student, s.time.isoformat())"
    )
    environment = os.environ | {"TZ": zone}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.splitlines() == [f"ada 2026-11-20T{hour}:00:00+00:00", "ben 2015-02-02T15:58:23+00:00"]


def test_a_zip_file_without_a_time_gives_none(path):
    patched(pack(path, (f"ada/{FILE}", b"")), 10, 12, b"\0\0\0\0")
    assert times(path)[0] == {"ada": None}


def test_ten_thousand_names_are_listed_in_seconds(path):
    pack(path, *((f"s{number}/{FILE}", b"") for number in range(10_000)))
    began = time.process_time()
    assert len(find(path, [NOTEBOOK])[0]) == 10_000
    assert time.process_time() - began < 10
