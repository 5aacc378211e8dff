"""What the names mean that learning platforms give to uploads.

Canvas' "Download Submissions" names a file by whose it is and which upload: ``doejane_LATE_4711_98765_01_unrolling-1``
is the second file of that name that the user 4711 uploaded, late; in an anonymous assignment it begins with
``anon_x7f3q`` instead of name and number. What follows the number of the upload is the student's own
(instructure/canvas-lms, lib/content_zipper.rb, ``get_filename`` and ``add_upload_submission``).

Moodle's "Download all submissions" makes a folder ``Jane Doe_1234567_assignsubmission_file`` for each student, older
versions with ``_`` at its end, or puts the same before the file's name where no folders are asked for (moodle/moodle,
mod/assign/classes/downloader.php). The number is that of the participant in this one assignment.

Both write the hour of the download into the zip, so when a file was handed in is not to be seen.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from course_lib.grading.roster import Roster, same_spelling

# Canvas writes a name before the number, if only an empty one, and no _<number>_ into it: the first one is Canvas' own.
_NAMED = re.compile(r"\w*?_(?P<late>LATE_)?(?P<user>[0-9]+)_(?P<upload>[0-9]+)_(?P<file>.+?)(?:-[0-9]+)?", re.DOTALL)
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?(?P<user>anon_(?=[0-9]*[A-Za-z])[A-Za-z0-9]+)_(?P<upload>[0-9]+)_(?P<file>.+?)(?:-[0-9]+)?",
    re.DOTALL,
)
_MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<number>[0-9]+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL)

_NUMBERS = ("canvas_id", "moodle_id")  # the roster's columns that have the platforms' numbers


class Upload(NamedTuple):
    """Whose a file or folder is.

    Args:
        student: the student's id; from a platform one that nobody else has, where the roster knows no better one.
        file: the student's own name of the file, without its ending; empty for a folder.
        column: the roster's column that has the platform's number of the student; empty where no platform named it.
        number: that number.
        name: the student's name, where the platform writes it out.
        order: the later upload has the larger one.
        late: whether the platform marked it.
    """

    student: str
    file: str = ""
    column: str = ""
    number: str = ""
    name: str = ""
    order: int = 0
    late: bool = False


def parse(name: str) -> Upload | None:
    """What the name of a folder, or of a file without its ending, says; None where no platform gave it."""
    if found := _MOODLE.fullmatch(name):
        student = same_spelling(f"{found['name']}_{found['number']}")
        return Upload(student, found["file"] or "", "moodle_id", found["number"], found["name"])
    if found := _ANONYMOUS.fullmatch(name) or _NAMED.fullmatch(name):
        order, late = int(found["upload"]), bool(found["late"])
        return Upload(found["user"], found["file"], "canvas_id", found["user"], order=order, late=late)
    return None


class Students:
    """Which student of the roster an upload is from.

    By the platform's number, where the roster has a column for it; else by the name that Moodle writes out, where one
    student and one participant have it: somebody may have taken another's name.

    Attributes:
        doubts: a sentence for each name that does not tell who it is.
    """

    def __init__(self, roster: Roster, uploads: Iterable[tuple[Upload, str]]) -> None:
        """Look into the roster (it may be empty) and all uploads, each with its notebook."""
        self._by_number = {(c, row[c]): who for who, row in roster.items() for c in _NUMBERS if row.get(c)}
        self._by_name = _by_name(roster)
        self._doubtful: set[tuple[str, str]] = set()
        self.doubts: list[str] = []
        participants = defaultdict(set)
        for upload, notebook in uploads:
            participants[_plain(upload.name), notebook].add((upload.name, upload.column, upload.number))
        for (name, notebook), them in sorted(participants.items()):
            namesakes = len(self._by_name.get(name, ()))
            if max(namesakes, len(them)) > 1 and namesakes and any(one[1:] not in self._by_number for one in them):
                self._doubtful.add((name, notebook))
                self.doubts.append(
                    f"{min(them)[0]}: the roster has {namesakes} of this name, and {len(them)} handed in {notebook}: a "
                    "column moodle_id in the roster says who is who"
                )

    def id_of(self, upload: Upload, notebook: str) -> str:
        """The student's id."""
        if known := self._by_number.get((upload.column, upload.number)):
            return known
        name = _plain(upload.name)
        namesakes = self._by_name.get(name, ())
        return upload.student if len(namesakes) != 1 or (name, notebook) in self._doubtful else namesakes[0]


def _by_name(roster: Roster) -> dict[str, list[str]]:
    """The students that have a name, in either order of its parts."""
    found = defaultdict(list)
    for student, row in roster.items():
        first, last = _plain(row.get("first_name", "")), _plain(row.get("last_name", ""))
        for name in {first + last, last + first} - {""}:
            found[name].append(student)
    return dict(found)


def _plain(name: str) -> str:
    """A name as far as platforms keep it: without blanks, signs and capitals."""
    return re.sub(r"[\W_]+", "", same_spelling(name).casefold())
