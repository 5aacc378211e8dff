"""What README and docs/ tell people to type and to open is there."""

import re
import shlex
import zipfile
from urllib.parse import parse_qs

import pytest
import typer
from copies import ROOT

from course_lib import cli, doctor
from course_lib.grading import release

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = typer.main.get_command(cli.app).commands
NAMES = {path.name: path for path in PAGES}
everywhere = pytest.mark.parametrize("page", NAMES.values(), ids=NAMES)


def commands(text):
    """Each ``course …`` between backticks or on a line of a block, as words."""
    spans = re.findall(r"`(?:\.venv/bin/)?(course [a-z][^`\n]*)`", text)
    blocks = "".join(re.findall(r"^ *```\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL))
    lines = re.findall(r"^ *(?:\.venv/bin/)?(course [a-z][^#\n]*)", blocks, re.MULTILINE)
    return [shlex.split(command) for command in spans + lines]


def wrong(words):
    """What is wrong with a command as it is written."""
    command = COMMANDS.get(words[1])
    if command is None:
        return f"there is no course {words[1]}"
    known = {name for parameter in command.params for name in parameter.opts}
    unknown = [word for word in words[2:] if word.startswith("--") and word not in known]
    return f"course {words[1]} has no {unknown[0]}" if unknown else ""


@everywhere
def test_every_command_and_option_exists(page):
    assert [wrong(words) for words in commands(page.read_text(encoding="utf-8")) if wrong(words)] == []


def test_commands_are_found_and_wrong_ones_named():
    text = "`course grade a --out b`\n```\ncourse lab   # opens\n.venv/bin/course grad x\n```\n`course lab --fast`"
    assert [wrong(words) for words in commands(text)] == [
        "",
        "course lab has no --fast",
        "",
        "there is no course grad",
    ]
    lecturers = commands(NAMES["lecturers.md"].read_text(encoding="utf-8"))
    assert {"release", "slides", "grade", "export", "build", "doctor"} <= {words[1] for words in lecturers}


def test_every_command_is_told_somewhere():
    told = {words[1] for page in PAGES for words in commands(page.read_text(encoding="utf-8"))}
    assert set(COMMANDS) <= told


@everywhere
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\(\s*([^)\s]+)\s*\)", page.read_text(encoding="utf-8"))
    inside = [link.partition("#")[0] for link in links if not link.startswith(("https://", "#"))]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_what_students_get_links_to_nothing_else():
    text = NAMES["students.md"].read_text(encoding="utf-8")
    given = {release._RENAMED.get(name, name) for name in release._GIVEN}
    inside = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")]
    assert [link for link in inside if link.split("/")[0] not in given] == []


def test_every_line_of_the_doctor_is_explained():
    page = NAMES["lecturers.md"].read_text(encoding="utf-8")
    table = re.findall(r"^\| ([\w’' ]+) \|", page.partition("## What `course doctor` says")[2], re.MULTILINE)
    packages = {finding.what for finding in doctor._packages()}
    assert {finding.what for finding in doctor.examine()} - packages == set(table) - {"line", "a package's name"}


def test_the_one_link_opens_a_notebook_of_the_release(tmp_path):
    """What nbgitpuller does with it: the repository's last part is the folder, and the rest is opened in JupyterLab."""
    asked = re.search(
        r"https://HUB/hub/user-redirect/git-pull\?(\S+)", NAMES["lecturers.md"].read_text(encoding="utf-8")
    )
    query = parse_qs(asked.group(1), strict_parsing=True)
    assert query.keys() == {"repo", "branch", "urlpath"}
    folder = query["repo"][0].rpartition("/")[2]
    release.release(ROOT, tmp_path / "course.zip")
    opened = query["urlpath"][0].removeprefix(f"lab/tree/{folder}/")
    assert f"course/{opened}" in zipfile.ZipFile(tmp_path / "course.zip").namelist()
