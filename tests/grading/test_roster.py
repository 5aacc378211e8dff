"""Reading who is in the class, and what learning platforms call them."""

import unicodedata

import pytest

from course_lib.grading import roster


def make_roster(tmp_path, content):
    path = tmp_path / "class.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("column", ["id", "student_id"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_roster_columns_and_byte_order_mark(tmp_path, column, mark):
    text = f"lms_user_id,{column}, email,last_name\r\n7, s1 ,s1@example.org,Müller\r\n\r\n8,s2\r\n"
    assert roster.read(make_roster(tmp_path, mark + text.encode())) == {
        "s1": {"last_name": "Müller", "first_name": "", "email": "s1@example.org"},
        "s2": {"last_name": "", "first_name": "", "email": ""},
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name,email\na,b\n", "no column 'student_id' or 'id': its header is 'name,email'"),
        ("id;email\na;b\n", "its header is 'id;email'"),
        ("", "no column 'student_id' or 'id'"),
        ("id\ns1\ns2\ns1\n", "line 4: the id 's1' is there twice"),
        ("id,email\n,a@example.org\n", "line 2: the id is empty"),
        ("id,last_name\ns1,Müller\n".encode("latin-1"), r"is not UTF-8 \(byte 17\)"),
        ("id\ns1\n".encode("utf-16"), "is not UTF-8"),
        ('id\n"s1\n', "is not a CSV file"),
    ],
)
def test_roster_errors_are_sentences(tmp_path, content, sentence):
    path = make_roster(tmp_path, content)
    with pytest.raises(ValueError, match=sentence) as error:
        roster.read(path)
    assert str(error.value).startswith(str(path)) and str(error.value).endswith(".")


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,01_unrolling (99),Final Score\r\n"
    "    Points Possible,,,,,10,(read only)\r\n"
    '"Doe, Jane",4711,u1,jane@example.org,A,7,70\r\n'
    '"Roe, Ben",4712,u2,ben,B,,\r\n'
)


def test_canvas_gradebook_export_is_a_roster_as_it_is(tmp_path):
    assert roster.read(make_roster(tmp_path, CANVAS)) == {
        "4711": {
            **{"last_name": "Doe", "first_name": "Jane", "email": "", "canvas_id": "4711", "sis_user_id": "u1"},
            **{"sis_login_id": "jane@example.org", "section": "A"},
        },
        "4712": {
            **{"last_name": "Roe", "first_name": "Ben", "email": "", "canvas_id": "4712", "sis_user_id": "u2"},
            **{"sis_login_id": "ben", "section": "B"},
        },
    }


def test_the_columns_of_the_platforms_are_there_if_the_file_has_them(tmp_path):
    path = make_roster(tmp_path, "student_id,canvas_id,moodle_id,phone\njane,4711,,1\nben,,7,2\n")
    assert roster.read(path)["jane"] == {**nobody(), "canvas_id": "4711", "moodle_id": ""}
    assert roster.read(path)["ben"] == {**nobody(), "canvas_id": "", "moodle_id": "7"}


def nobody():
    return {"last_name": "", "first_name": "", "email": ""}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("id,canvas_id\na,7a\n", "the canvas_id '7a' of a is no number"),
        ("id,canvas_id\na,7\nb,8\nc,7\n", "a and c have the same canvas_id '7'"),
        ("id,moodle_id\na,7\nb,7\n", "a and b have the same moodle_id '7'"),
        ("id,sis_login_id\na,x\nb,x\n", "a and b have the same sis_login_id 'x'"),
    ],
)
def test_what_would_give_a_grade_to_somebody_else_is_refused(tmp_path, content, sentence):
    with pytest.raises(ValueError, match=sentence):
        roster.read(make_roster(tmp_path, content))


def test_a_roster_is_given_once_and_kept(tmp_path):
    assert roster.of(tmp_path, None) is None
    first = make_roster(tmp_path, "id,last_name\na,A\n")
    roster.keep(tmp_path / "out", first)
    first.unlink()
    assert list(roster.of(tmp_path / "out", None)) == ["a"]
    second = make_roster(tmp_path, "id\nb\n")
    assert list(roster.of(tmp_path / "out", second)) == ["b"]
    roster.keep(tmp_path / "out", second)
    assert list(roster.of(tmp_path / "out", None)) == ["b"]


def test_who_is_on_the_roster_is_so_in_any_spelling():
    class_ = {"josé": {**nobody(), "last_name": "Öz"}}
    for form in ("NFC", "NFD"):
        student = unicodedata.normalize(form, "josé")
        assert roster.on_roster(class_, student) and roster.person(class_, student)["last_name"] == "Öz"
    assert not roster.on_roster(class_, "jose")
