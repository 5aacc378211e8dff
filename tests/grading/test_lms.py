"""What Canvas and Moodle make of the names of uploads, and whose they are by the roster."""

import unicodedata
import zipfile

import pytest
from classes import NOTEBOOK

from course_lib import exercises
from course_lib.grading import handed_in
from course_lib.grading.submissions import find

FILE = f"{NOTEBOOK}.ipynb"
OTHER = exercises.notebooks()[1]


def person(first, last, **numbers):
    return {"first_name": first, "last_name": last, "email": "", **numbers}


@pytest.fixture(params=["folder", "zip"])
def handed(request, tmp_path):
    """Puts files into a folder or a zip file, each with its own name as content."""

    def put(*names):
        path = tmp_path / "download"
        if request.param == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                for name in names:
                    archive.writestr(name, name)
        else:
            for name in names:
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_text(name)
        return path

    return put


def found(path, roster=None, notebooks=(NOTEBOOK,)):
    """The content of each student's file, None where there is none; and what was passed over."""
    submissions, passed_over = find(path, notebooks, roster)
    assert all(s.time is None for s in submissions if s.path), "a download has the time of the download"
    files = {s.student: handed_in.read(s.path)[0].decode() if s.path else None for s in submissions}
    return files, passed_over


# --- Canvas: get_filename and add_upload_submission in lib/content_zipper.rb of instructure/canvas-lms ----------


@pytest.mark.parametrize(
    "name, student, late",
    [
        ("doejane_4711_98765_01_unrolling", "4711", False),
        ("doejane_LATE_4711_98765_01_unrolling", "4711", True),
        ("müllerjürgen_4711_98765_01_unrolling", "4711", False),
        ("doejane_4711_98765_01_unrolling-1", "4711", False),
        ("doejane_LATE_4711_98765_01_unrolling-12", "4711", True),
        ("doejane_4711_98765_01_unrolling (1)", "4711", False),
        ("doejane_4711_98765_01_unrolling-Copy1", "4711", False),
        ("doejane_4711_98765_01_unrolling (1)-2", "4711", False),
        ("test_student_4711_98765_01_unrolling", "4711", False),
        ("123_4711_98765_01_unrolling", "4711", False),
        ("_4711_98765_01_unrolling", "4711", False),
        ("anon_4711_98765_01_unrolling", "4711", False),
        ("anon_x7F3q_98765_01_unrolling", "anon_x7F3q", False),
        ("LATE_anon_x7F3q_98765_01_unrolling-1", "anon_x7F3q", True),
    ],
)
def test_canvas_says_who_and_whether_late(handed, name, student, late):
    path = handed(f"{name}.ipynb")
    assert found(path) == ({student: f"{name}.ipynb"}, [])
    [submission] = find(path, [NOTEBOOK])[0]
    assert submission.marked_late == late


FLAT = ["mary_ann", "s_12", "12", "anon", "2026_late", "x_LATE", "2024_123", "2024_456", "4711_98765", "anon_x7F3q"]


@pytest.mark.parametrize("name", FLAT)
def test_a_flat_name_of_our_own_stays_what_it_is(handed, name):
    assert found_ids(handed(f"{name}_{FILE}")) == {name}


def found_ids(path):
    return {submission.student for submission in find(path, [NOTEBOOK])[0]}


@pytest.mark.parametrize(
    "own",
    [
        "4712_99999999_01_unrolling",
        "x_4712_99999999_01_unrolling",
        "x_LATE_4712_99999999_01_unrolling",
        "LATE_4712_99999999_01_unrolling-1",
        "anon_x7F3q_98765_01_unrolling",
        "bob_01_unrolling",
        "x\n_4712_99999999_01_unrolling",
    ],
)
@pytest.mark.parametrize("begin", ["evil_4711_98003", "_LATE_4711_98003", "anon_x7F3q_98003", "LATE_anon_x7F3q_98003"])
def test_the_student_s_own_name_of_a_file_never_says_whose_it_is(handed, begin, own):
    eve, bob = f"{begin}_{own}.ipynb", f"bob_4712_98004_{FILE}"
    files, [line] = found(handed(eve, bob))
    assert files == {"4712": bob}
    assert line.startswith(f"{eve}: ") and line.endswith(": rename that part of it")


def test_of_two_uploads_of_one_student_the_later_counts_and_the_other_is_said(handed):
    first, second = "doejane_4711_99_01_unrolling-1.ipynb", "doejane_LATE_4711_100_01_unrolling.ipynb"
    files, [line] = found(handed(first, second))
    assert files == {"4711": second}
    assert line == f"{first}: 4711 handed in {NOTEBOOK} twice, {second} counts"


def test_what_else_was_uploaded_to_canvas_is_said(handed):
    names = ["doejane_4711_98765_homework.ipynb", "doejane_4711_98765_99_other.ipynb", "doejane_4711_text.html"]
    files, passed_over = found(handed(f"a_1_2_{FILE}", *names))
    assert files == {"1": f"a_1_2_{FILE}"}
    assert sorted(line.split(": ")[0] for line in passed_over) == sorted(names[:2])


def test_another_notebook_in_the_same_download_is_left_for_its_own_turn(handed):
    assert found(handed(f"a_1_2_{FILE}", f"b_3_4_{OTHER}.ipynb"))[0] == {"1": f"a_1_2_{FILE}", "3": None}


def test_the_roster_s_canvas_id_gives_the_student_s_id_and_who_is_missing(handed):
    roster = {"jane": person("Jane", "Doe", canvas_id="4711"), "ben": person("Ben", "Roe", canvas_id="4712")}
    path = handed(f"doejane_4711_98765_{FILE}", f"stranger_99_98766_{FILE}")
    assert found(path, roster)[0] == {
        "jane": f"doejane_4711_98765_{FILE}",
        "ben": None,
        "99": f"stranger_99_98766_{FILE}",
    }


# --- Moodle: get_student_prefix and load_submissionplugin_filelist in mod/assign/classes/downloader.php ----------


@pytest.mark.parametrize(
    "name, student",
    [
        (f"Jane Doe_1234567_assignsubmission_file_/{FILE}", "Jane Doe_1234567"),
        (f"Jane Doe_1234567_assignsubmission_file/{FILE}", "Jane Doe_1234567"),
        (f"Jane Doe_1234567_assignsubmission_file_/week 1/{FILE}", "Jane Doe_1234567"),
        ("Jane Doe_1234567_assignsubmission_file/01_unrolling (2).ipynb", "Jane Doe_1234567"),
        (f"Jane Doe_1234567_assignsubmission_file_{FILE}", "Jane Doe_1234567"),
        ("Jürgen O-Hara 漢_7_assignsubmission_file_01_unrolling-Copy1.ipynb", "Jürgen O-Hara 漢_7"),
        (f"Participant_7_assignsubmission_file/{FILE}", "Participant_7"),
    ],
)
def test_moodle_says_who(handed, name, student):
    assert found(handed(name)) == ({student: name}, [])


def test_what_follows_moodle_s_part_never_says_whose_it_is(handed):
    eve, bob = f"Eve_2_assignsubmission_file_bob_{FILE}", f"Bob_3_assignsubmission_file_{FILE}"
    files, [line] = found(handed(eve, bob), {"bob": person("Bob", "")})
    assert files == {"bob": bob} and line.startswith(f"{eve}: Eve_2 named it bob_")


def test_who_wrote_only_an_online_text_is_missing(handed):
    names = [f"A B_1_assignsubmission_file/{FILE}", "C D_2_assignsubmission_onlinetext/onlinetext.html"]
    assert found(handed(*names)) == ({"A B_1": names[0], "C D_2": None}, [])


def test_a_name_in_the_roster_gives_the_student_s_id_and_who_is_missing(handed):
    roster = {
        "jane": person("Jane", "Doe"),
        "juergen": person("Jürgen", "O'Hara-Müller"),
        "kim": person("Minsu", "Kim"),
        "ben": person("Ben", "Roe"),
        "noname": person("", ""),
    }
    names = {
        "jane": f"Jane Doe_1_assignsubmission_file/{FILE}",
        "juergen": f"Jürgen OHara-Müller_2_assignsubmission_file/{FILE}",  # Moodle leaves some signs out
        "kim": f"Kim Minsu_3_assignsubmission_file/{FILE}",
        "Zoe Zett_4": f"Zoe Zett_4_assignsubmission_file/{FILE}",
    }
    assert found(handed(*names.values()), roster) == (names | {"ben": None, "noname": None}, [])


def test_one_student_in_the_downloads_of_two_assignments_is_one(handed):
    names = [f"Jane Doe_1_assignsubmission_file/{FILE}", f"Jane Doe_99_assignsubmission_file/{OTHER}.ipynb"]
    submissions, passed_over = find(handed(*names), [NOTEBOOK, OTHER], {"jane": person("Jane", "Doe")})
    assert [(s.student, s.notebook, bool(s.path)) for s in submissions] == [
        ("jane", NOTEBOOK, True),
        ("jane", OTHER, True),
    ]
    assert passed_over == []


def test_who_takes_another_s_name_does_not_take_the_other_s_place(handed):
    """Two participants of one name: neither is believed, both are graded, and the lecturer is told."""
    names = [f"Jane Doe_1_assignsubmission_file/{FILE}", f"jane  doe_2_assignsubmission_file/{FILE}"]
    files, [line] = found(handed(*names), {"jane": person("Jane", "Doe")})
    assert files == {"Jane Doe_1": names[0], "jane  doe_2": names[1], "jane": None}
    assert line == (
        f"Jane Doe: the roster has 1 of this name, and 2 handed in {NOTEBOOK}: a column moodle_id in the roster says "
        "who is who"
    )


def test_namesakes_are_told_apart_by_moodle_s_number_only(handed):
    names = [f"Jane Doe_1_assignsubmission_file/{FILE}", f"Jane Doe_2_assignsubmission_file/{FILE}"]
    two = {"j1": person("Jane", "Doe"), "j2": person("Jane", "Doe")}
    path = handed(*names)
    files, [line] = found(path, two)
    assert files == {"Jane Doe_1": names[0], "Jane Doe_2": names[1], "j1": None, "j2": None}
    assert line.startswith("Jane Doe: the roster has 2 of this name, and 2 handed in")
    two = {"j1": person("Jane", "Doe", moodle_id="2"), "j2": person("Jane", "Doe", moodle_id="1")}
    assert found(path, two) == ({"j1": names[1], "j2": names[0]}, [])


def test_who_is_known_by_the_number_is_not_replaced_by_whoever_has_the_name(handed):
    names = [f"Jane Doe_1_assignsubmission_file/{FILE}", f"Jane Doe_2_assignsubmission_file/{FILE}"]
    files, [line] = found(handed(*names), {"jane": person("Jane", "Doe", moodle_id="2")})
    assert files == {"jane": names[1], "Jane Doe_1": names[0]}
    assert line.startswith("Jane Doe: the roster has 1 of this name, and 2 handed in")


def test_a_timestamp_that_a_student_uploaded_is_not_believed(handed):
    """`found` looks at the times."""
    files, passed_over = found(
        handed(f"A B_1_assignsubmission_file/{FILE}", "A B_1_assignsubmission_file/timestamp.txt")
    )
    assert list(files) == ["A B_1"] and passed_over == []


@pytest.mark.parametrize("roster", [{"juergen": person("Jürgen", "Öz")}, {}])
def test_a_name_that_macos_spelled_is_the_same_name(handed, roster):
    name = unicodedata.normalize("NFD", f"Jürgen Öz_1_assignsubmission_file/{FILE}")
    assert found(handed(name), roster) == ({"juergen" if roster else "Jürgen Öz_1": name}, [])


def test_of_namesakes_in_the_roster_nobody_is_guessed_even_for_one_upload(handed):
    name, written = f"Jane Doe_1_assignsubmission_file/{FILE}", "Jane Doe_2_assignsubmission_onlinetext/onlinetext.html"
    files, [line] = found(handed(name, written), {"j1": person("Jane", "Doe"), "j2": person("Jane", "Doe")})
    assert files == {"Jane Doe_1": name, "Jane Doe_2": None, "j1": None, "j2": None}
    assert line.startswith(f"Jane Doe: the roster has 2 of this name, and 1 handed in {NOTEBOOK}: ")


def test_namesakes_of_whom_the_roster_has_none_are_no_doubt(handed):
    names = [f"Jane Doe_{number}_assignsubmission_file/{FILE}" for number in (1, 2)]
    files, passed_over = found(handed(*names), {"ben": person("Ben", "Roe")})
    assert files == {"Jane Doe_1": names[0], "Jane Doe_2": names[1], "ben": None} and passed_over == []


# --- Ids as names of folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", [f"%s/{FILE}", f"%s/week 1/{FILE}", f"%s_{FILE}", f"%s_7_assignsubmission_file/{FILE}"]
)
def test_an_id_that_is_too_long_in_one_spelling_keeps_its_own(handed, form):
    long = "\ufb2c" * 70  # 210 bytes, and 420 where it is taken apart as NFC does
    name, other = form % long, form % "bob"
    files, passed_over = found_whenever(handed(name, other))
    assert passed_over == [] and sorted(files.values()) == sorted([name, other])
    assert all(len(student.encode()) <= 255 for student in files)


def found_whenever(path, roster=None):
    """As `found`, for files that have a time."""
    submissions, passed_over = find(path, [NOTEBOOK], roster)
    return {s.student: handed_in.read(s.path)[0].decode() for s in submissions}, passed_over


def test_an_id_of_the_roster_that_is_too_long_is_said_before_anybody_is_graded(handed):
    with pytest.raises(handed_in.Unusable, match="cannot be the name of a folder"):
        find(handed(FILE), [NOTEBOOK], {"é" * 128: person("", "")})


def test_of_one_name_in_two_spellings_the_roster_s_counts(handed):
    ours, theirs = f"José/{FILE}", f"{unicodedata.normalize('NFD', 'José')}/{FILE}"
    files, [line] = found_whenever(handed(theirs, ours), {"José": person("", "")})
    assert files == {"José": ours} and line == f"{theirs}: José handed in {NOTEBOOK} twice, {ours} counts"
