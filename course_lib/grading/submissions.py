"""Which of the files that were handed in is whose, and of which notebook."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from course_lib import exercises
from course_lib.grading import handed_in, lms
from course_lib.grading.roster import Roster, same_spelling, too_long

_COPY = re.compile(r"[ _-]*(\(\d+\)|-?Copy\d*)$")  # what browsers and JupyterLab put behind the name of a copy


@dataclass(frozen=True)
class Submission:
    """Where one student's notebook lies, or why there is none.

    Args:
        student: the student's id.
        notebook: the notebook it is.
        path: its file, in a folder or a zip file; None where there is none.
        problem: a sentence about a folder that cannot be looked into.
        time: when it was handed in, as far as the file tells.
        marked_late: whether the name that a learning platform gave it says that it came late.
    """

    student: str
    notebook: str
    path: Path | handed_in.Entry | None = None
    problem: str = ""
    time: datetime | None = None
    marked_late: bool = False


@dataclass(frozen=True)
class _Claim:
    """What the name of a file says.

    Args:
        place: where it lies in the folder or zip file.
        path: the file itself.
        upload: whose it is.
        notebook: the notebook it is.
    """

    place: PurePath
    path: Path | handed_in.Entry
    upload: lms.Upload
    notebook: str

    @property
    def rank(self) -> tuple[int, bool, bool]:
        """Of two, which counts: the later upload, the one spelt like the id, the one that is no copy by its name."""
        owner = self.place.parts[0]
        return -self.upload.order, owner != same_spelling(owner), self.place.stem != self.notebook


def find(source: Path, notebooks: Iterable[str], roster: Roster | None = None) -> tuple[list[Submission], list[str]]:
    """All submissions in a folder or a zip file; none of them is read yet.

    Knows ``<student>/<NN_topic>.ipynb``, nbgrader's ``<student>/<assignment>/<NN_topic>.ipynb``, flat
    ``<student>_<NN_topic>.ipynb``, and what Canvas and Moodle make of uploads. A student has the roster's id where the
    roster knows the student, in one Unicode spelling.

    Args:
        source: where they lie.
        notebooks: the names to look for.
        roster: the students that must appear, with or without a file.

    Returns:
        The submissions in order, and a sentence for each file that was passed over.

    Raises:
        Unusable: if the source cannot be read, or an id cannot be the name of a folder of results.
    """
    wanted = set(notebooks)
    people = {same_spelling(student) for student in roster or ()}
    for student in sorted(people):
        if "/" in student or "\0" in student or student in (".", "..") or too_long(student):
            raise handed_in.Unusable(
                f"the roster's id {student!r} cannot be the name of a folder: results are kept in one"
            )
    there = handed_in.listing(source)
    claims, passed_over = _claims(there, wanted | set(exercises.notebooks()))
    students = lms.Students(roster or {}, [(claim.upload, claim.notebook) for claim in claims])
    found: dict[tuple[str, str], _Claim] = {}
    for claim in sorted(claims, key=lambda claim: claim.rank):
        student = students.id_of(claim.upload, claim.notebook)
        if claim.notebook not in wanted:  # another notebook of the course: not asked for, and nobody's mistake
            people.add(student)
        elif other := found.get((student, claim.notebook)):
            passed_over.append(f"{claim.place}: {student} handed in {claim.notebook} twice, {other.place} counts")
        else:
            found[student, claim.notebook] = claim
    closed = {students.id_of(_who(top), ""): problem for top, problem in there.folders.items()}
    people |= {student for student, _ in found} | closed.keys()
    handed_in_ones = {notebook for _, notebook in found} or wanted
    submissions = []
    for notebook, student in sorted((notebook, student) for student in people for notebook in handed_in_ones):
        if claim := found.get((student, notebook)):
            time, problem = _time(claim)
            passed_over += [f"{claim.place}: {problem}"] if problem else []
            submissions.append(Submission(student, notebook, claim.path, "", time, claim.upload.late))
        else:
            submissions.append(Submission(student, notebook, problem=closed.get(student, "")))
    return submissions, passed_over + students.doubts


def _claims(there: handed_in.Listing, known: set[str]) -> tuple[list[_Claim], list[str]]:
    """What each file's name says, and a sentence for each file that was passed over."""
    claims, passed_over = [], list(there.passed_over)
    for place, path in there.notebooks:
        owner = _owner(place, known)
        if isinstance(owner, str):
            passed_over.append(f"{place}: {owner}")
        else:
            claims.append(_Claim(place, path, *owner))
    return claims, passed_over


def _time(claim: _Claim) -> tuple[datetime | None, str]:
    """When it was handed in, and what is wrong with a timestamp beside it.

    What a learning platform packed has the time of the download, and a timestamp.txt beside it is the student's own.
    """
    return (None, "") if claim.upload.column else handed_in.time_of(claim.path)


def _owner(place: PurePath, known: set[str]) -> tuple[lms.Upload, str] | str:
    """Whose and which notebook a file is by its place, or a sentence that says why that cannot be told."""
    names = ", ".join(sorted(known))
    if len(place.parts) == 1:
        upload = lms.parse(place.stem)
        if upload and (notebook := _COPY.sub("", upload.file)) in known:
            return upload, notebook
        if upload and upload.file.endswith(tuple(f"_{name}" for name in known)):
            return f"{upload.student} named it {upload.file}, which should be one of {names}: rename that part of it"
        for name in known:
            if (student := place.stem.removesuffix(f"_{name}")) not in ("", place.stem):
                return lms.Upload(same_spelling(student)), name
        return f"whose is it? It should be <student>_<notebook>.ipynb; the notebook is one of {names}"
    notebook = _COPY.sub("", place.stem)
    if notebook not in known:
        return f"not one of {names}"
    if len(place.parts) > 3:
        return "too deep: it should be <student>/<notebook>.ipynb or one folder below"
    return _who(place.parts[0]), notebook


def _who(folder: str) -> lms.Upload:
    """Whose folder it is."""
    upload = lms.parse(folder)
    return upload if upload and not upload.file else lms.Upload(same_spelling(folder))
