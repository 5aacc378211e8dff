"""The command line: ``course …`` or ``python -m course_lib …``."""

import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import course_lib
from course_lib import exercises

app = typer.Typer(
    help="A course on recurrent neural networks: build it, work in it, grade it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
out, err = Console(), Console(stderr=True)

Notebook = Annotated[str, typer.Option(help="One notebook, e.g. 01_unrolling; all that were handed in by default.")]
SandboxMode = Annotated[str, typer.Option(help="bwrap, none, or auto: bubblewrap, and a refusal where it is missing.")]


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def lab(notebook: Annotated[str, typer.Argument(help="Opened at once, e.g. 01_unrolling.")] = "") -> None:
    """Open JupyterLab on the students' notebooks."""
    folder = _root() / "notebooks"
    target = folder / f"{notebook.removesuffix('.ipynb')}.ipynb" if notebook else folder
    if not target.exists():
        there = ", ".join(path.stem for path in sorted(folder.glob("*.ipynb")))
        _stop(f"there is no {target.name} in notebooks/; it has {there}")
    raise typer.Exit(subprocess.run([sys.executable, "-m", "jupyterlab", str(target)], check=False).returncode)


@app.command()
def check(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, e.g. notebooks/01_unrolling.ipynb.")],
) -> None:
    """Mark your own notebook as the grader will, on the visible cases only."""
    from course_lib.grading.grade import GraderFault, Job, grade_one
    from course_lib.grading.sandbox import unavailable

    name = next((known for known in exercises.notebooks() if notebook.stem.endswith(known)), None)
    if name is None:
        _stop(f"{notebook.name}: rename it after its notebook of the course, {', '.join(exercises.notebooks())}")
    try:
        data = notebook.read_bytes()
    except OSError as error:
        _stop(f"{notebook} cannot be read: {error.strerror}")
    try:
        with out.status("running the notebook …"):
            result = grade_one(Job("you", name, data, sandbox="none" if unavailable() else "bwrap"))
    except (GraderFault, OSError) as error:
        _stop(str(error))
    _print_tests(result)


@app.command()
def build(
    notebook: Annotated[str, typer.Argument(help="Only this one, e.g. 02_bptt, while it is being written.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Execute nothing; exit 1 and name what is stale.")] = False,
) -> None:
    """Make executed solutions, student notebooks, practice data and SOURCES.md from solutions/."""
    from course_lib.grading.build import Layout, build, stale
    from course_lib.grading.source import SourceError

    layout = Layout(_root(instructor=True))
    try:
        if check:
            found = list(stale(layout, notebook))
            for line in found:
                err.print(f"stale: {escape(line)}", soft_wrap=True)
            if found:
                err.print("`course build` makes it anew")
                raise typer.Exit(1)
            out.print("everything agrees with solutions/")
            return
        for path in build(layout, notebook, say=lambda line: out.print(escape(line))):
            out.print(f"written: {path.relative_to(layout.root)}")
    except SourceError as error:
        _stop(str(error))


@app.command()
def grade(
    folder: Annotated[
        Path,
        typer.Argument(help="DIR/<student>/<NN_topic>.ipynb, nbgrader's folders, or a download of Canvas or Moodle."),
    ],
    out_folder: Annotated[Path, typer.Option("--out", help="Where results, feedback and gradebook go.")],
    notebook: Notebook = "",
    jobs: Annotated[
        int, typer.Option(min=1, help="Submissions at a time; the cores of the machine by default.")
    ] = os.cpu_count() or 1,
    roster: Annotated[
        Path | None,
        typer.Option(
            help="CSV with student_id, last_name, first_name, email, or Canvas' gradebook export. OUT keeps it."
        ),
    ] = None,
    due: Annotated[str, typer.Option(help="When it is due, e.g. 2026-11-20T23:59+01:00. OUT keeps it.")] = "",
    times: Annotated[
        Path | None,
        typer.Option(help="CSV with student_id, timestamp: when they handed in, if not by the file's time."),
    ] = None,
    secret: Annotated[Path | None, typer.Option(help="What inputs are drawn from; made in OUT by default.")] = None,
    sandbox: SandboxMode = "auto",
    force: Annotated[bool, typer.Option("--force", help="Grade again what is graded already.")] = False,
    cell_seconds: Annotated[float, typer.Option(min=1, help="Time for one answer or test.")] = 30,
    seconds: Annotated[float, typer.Option(min=1, help="Time for one submission.")] = 300,
    memory: Annotated[float, typer.Option(min=1, help="GiB of memory for one submission.")] = 2,
    audit: Annotated[str, typer.Option(help="A student: only write what was judged, with inputs and answers.")] = "",
    dask: Annotated[str, typer.Option(help="A dask scheduler, e.g. tcp://host:8786: its workers grade.")] = "",
    backend: Annotated[
        str, typer.Option(help="numpy, or cupy: answers get arrays on the GPU, and compute there.")
    ] = "numpy",
) -> None:
    """Grade a folder of submissions into a gradebook; run again, it grades only what is new."""
    from course_lib.grading import lateness
    from course_lib.grading.sandbox import Limits

    known = _roster(out_folder, roster)
    if due and not notebook:
        _stop("--due is of one notebook: say of which with --notebook")
    try:
        due_at = lateness.moment(due) if due else None
        handed_in = lateness.read_times(times) if times else {}
    except OSError as error:
        _stop(f"{times} cannot be read: {error.strerror}")
    except ValueError as error:
        _stop(str(error))
    limits = Limits(cell=cell_seconds, total=seconds, memory=int(memory * 2**30))
    when = (handed_in, due_at)
    _grade(
        folder, out_folder, notebook, jobs, known, secret, sandbox, force, limits, *when, roster, audit, dask, backend
    )


@app.command()
def export(
    out_folder: Annotated[Path, typer.Argument(metavar="OUT", help="Where `course grade` put the results.")],
    form: Annotated[str, typer.Option("--format", help="csv, canvas, moodle or gradescope.")],
    to: Annotated[
        Path | None, typer.Option(help="The file to write, for one notebook or for csv; in OUT by default.")
    ] = None,
    notebook: Annotated[
        str, typer.Option(help="One notebook, e.g. 01_unrolling; by default all, a file each; csv has one for all.")
    ] = "",
) -> None:
    """Write the grades as a file that a learning platform imports."""
    from course_lib.grading.classroom import ClassroomError
    from course_lib.grading.export import FORMATS
    from course_lib.grading.export import export as write

    if form not in FORMATS:
        _stop(f"--format is one of {', '.join(FORMATS)}")
    try:
        written, left_out = write(out_folder, form, to, notebook, _roster(out_folder, None))
    except (ClassroomError, ValueError) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename} cannot be written: {error.strerror or error}")
    for line in left_out:
        err.print(f"left out: {_on_one_line(line)}", soft_wrap=True)
    for path in written:
        out.print(f"written: {path}", soft_wrap=True)


@app.command()
def demo(
    students: Annotated[
        int,
        typer.Option(min=0, help="The size of the class; by default as many as make every mistake."),
    ] = 0,
    notebook: Annotated[str, typer.Option(help="Which notebook they hand in.")] = "01_unrolling",
    out_folder: Annotated[Path, typer.Option("--out", help="Where results, feedback and gradebook go.")] = Path("demo"),
    sandbox: Annotated[
        str, typer.Option(help="bwrap, none, or auto: bubblewrap where it works; these submissions do no harm.")
    ] = "auto",
) -> None:
    """Make a class from the answers and their known mistakes, grade it, and compare with what must come out."""
    from course_lib.grading import demo as example
    from course_lib.grading.course import load
    from course_lib.grading.sandbox import Limits, unavailable

    _known_notebooks(notebook)
    if sandbox == "auto" and (problem := unavailable()):
        out.print(f"without a sandbox, which is fine for these submissions: {escape(problem)}", soft_wrap=True)
        sandbox = "none"
    course = load(_texts(notebook))
    class_ = example.make(course, students)
    example.forget(out_folder)
    with tempfile.TemporaryDirectory(prefix="course-demo-") as folder:
        example.write(class_, notebook, Path(folder))
        # Short, so that nobody waits half a minute for the endless loop; but some answers train a network.
        limits = Limits(cell=20.0 if exercises.needs(notebook) else 5.0)
        results = _grade(
            Path(folder),
            out_folder,
            notebook,
            os.cpu_count() or 1,
            None,
            None,
            sandbox,
            force=True,
            limits=limits,
        )
    surprises = example.surprises(class_, notebook, results)
    for line in surprises:
        err.print(f"unexpected: {escape(line)}", soft_wrap=True)
    if surprises:
        raise typer.Exit(1)
    made, known = sum(len(student.told) for student in class_), len(course.key.mistakes)
    out.print(f"every one of the {len(class_)} students got what was expected, with {made} of {known} known mistakes")


@app.command()
def slides(
    notebook: Annotated[str, typer.Argument(help="Its name, e.g. 02_bptt, or the path of an executed notebook.")],
    target: Annotated[
        Path | None, typer.Option("--out", help="The HTML file to write; build/slides/NN_topic.html by default.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it, too: a PDF beside it, with all steps done.")] = False,
) -> None:
    """Make a lecture of an executed notebook: one HTML file that needs nothing else."""
    from course_lib.grading.files import write_atomically
    from course_lib.grading.slides import SlidesError, deck, printing

    path = _lecture(notebook)
    target = target or _root() / "build" / "slides" / f"{path.stem}.html"
    if target.suffix != ".html":
        _stop(f"--out is the HTML file to write, e.g. {target.with_suffix('.html')}")
    try:
        if pdf:
            printing.browser()  # said before any work
        write_atomically(target, deck.deck(deck.read(path), path.parent))
        out.print(f"written: {target}", soft_wrap=True)
        if pdf:
            with out.status("printing it …"):
                printed = printing.pdf(target)
            write_atomically(target.with_suffix(".pdf"), printed)
            out.print(f"written: {target.with_suffix('.pdf')}", soft_wrap=True)
    except SlidesError as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{target} cannot be written: {error.strerror or error}")


@app.command()
def release(
    target: Annotated[Path, typer.Option("--out", help="The zip file to write.")],
    last: Annotated[str, typer.Option(help="The last notebook to give, e.g. 01_unrolling; all by default.")] = "",
    repository: Annotated[
        str, typer.Option(help="The git address where students find the course: notebooks on Colab and Kaggle use it.")
    ] = "",
) -> None:
    """Pack what students get: the notebooks, course_lib and what installs them; no answers and no tests."""
    from course_lib.grading import anywhere
    from course_lib.grading.build import Layout, stale
    from course_lib.grading.release import release

    last = last.removesuffix(".ipynb")
    _known_notebooks(last)
    try:
        repository = anywhere.checked(repository) if repository else ""
    except ValueError as error:
        _stop(str(error))
    root = _root(instructor=True)
    if found := list(stale(Layout(root))):
        _stop(f"{found[0]}: run `course build` first, or the checks would not fit the notebooks")
    try:
        names = release(root, target, last, repository)
    except OSError as error:
        _stop(f"{target} cannot be written: {error.strerror or error}")
    out.print(f"{len(names)} files in {target}", soft_wrap=True)


@app.command()
def doctor() -> None:
    """Say what works here, what is missing, and the line that mends it."""
    from course_lib.doctor import examine

    table = Table("", "what", "found", box=None, pad_edge=False)
    findings = list(examine())
    for finding in findings:
        sign = "[green]✓[/]" if finding.fine else ("[red]✗[/]" if finding.needed else "[yellow]–[/]")
        table.add_row(sign, finding.what, escape(finding.found))
    out.print(table)
    if any(finding.needed and not finding.fine for finding in findings):
        raise typer.Exit(1)


def _roster(out_folder: Path, given: Path | None):
    """The class: as given, else as an earlier run was given it."""
    from course_lib.grading import roster

    try:
        return roster.of(out_folder, given)
    except OSError as error:
        _stop(f"the roster {error.filename} cannot be read: {error.strerror}")
    except ValueError as error:
        _stop(str(error))


def _grade(
    folder,
    out_folder,
    notebook,
    jobs,
    roster,
    secret,
    sandbox,
    force,
    limits,
    times=None,
    due=None,
    roster_file=None,
    audit="",
    dask="",
    backend="numpy",
) -> list[dict]:
    """Find, grade, write and print; every way to fail is said before any work."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from course_lib.backend import BackendUnavailable, backend_name, use_backend
    from course_lib.grading import classroom, lateness
    from course_lib.grading.roster import keep
    from course_lib.grading.sandbox import SandboxUnavailable, choose
    from course_lib.grading.source import SourceError
    from course_lib.grading.submissions import find
    from course_lib.grading.workers import WorkersError

    if not folder.exists():
        _stop(f"there is no folder or zip file {folder}")
    try:
        texts = {name: _texts(name) for name in _known_notebooks(notebook)}
        elsewhere = bool(dask) and not audit  # other machines look for themselves whether they have what it needs
        mode = choose(sandbox, elsewhere)
        if not elsewhere:
            with use_backend(backend):
                backend = backend_name()
        submissions, passed_over = find(folder, texts, roster)
        for line in passed_over:
            err.print(f"passed over: {_on_one_line(line)}", soft_wrap=True)
        if not submissions:
            _stop(
                f"no submission in {folder}: it should hold <student>/<notebook>.ipynb, or be a download of Canvas or "
                "Moodle; docs/lecturers.md shows the forms"
            )
        if audit:  # before anything is written: without a stored result there is nothing to compare with
            audited = _handed_in_by(audit, submissions)
            classroom.result_of(out_folder, audited)
        classroom.prepare(out_folder, folder, len(submissions))
        if roster_file and not audit:
            keep(out_folder, roster_file)
        if due and not audit:
            lateness.set_due(out_folder, notebook, due)
        secret = classroom.secret_of(out_folder, secret)
        run = classroom.Run(out_folder, texts, secret, jobs, mode, limits, force, times or {}, dask, backend)
        if audit:
            _audit(run, audited)
            return []
        columns = (
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        skipped, moved = 0, []
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("", total=len(submissions))

            def done(result: dict, was_there: bool) -> None:
                nonlocal skipped
                skipped += was_there
                moved.extend([result] if "score_before" in result and not was_there else [])
                progress.advance(task)

            classroom.grade(run, submissions, done)
        results = classroom.publish(out_folder, roster)
    except (
        classroom.ClassroomError,
        WorkersError,
        SandboxUnavailable,
        BackendUnavailable,
        SourceError,
        OSError,
        ValueError,
    ) as error:
        _stop(str(error))
    except KeyboardInterrupt:
        _stop("interrupted; what was graded is kept, and the same command goes on from here", 130)
    _print_gradebook(results)
    if moved:
        _print_moved(moved)
    if skipped:
        out.print(f"{skipped} of {len(submissions)} were graded before and are unchanged")
    if faults := sum(result["graded_from"] is None for result in results):
        err.print(f"the grader itself failed on {faults}; the same command tries them again", soft_wrap=True)
    out.print(f"gradebook: {out_folder / 'gradebook.csv'}   class: {out_folder / 'index.html'}", soft_wrap=True)
    return results


def _handed_in_by(student: str, submissions: list):
    """The one notebook that a student handed in."""
    student = unicodedata.normalize("NFC", student)
    theirs = [each for each in submissions if each.student == student and each.path]
    if not theirs:
        _stop(f"no notebook of {student} is among the submissions")
    if len(theirs) > 1:
        _stop(f"{student} handed in {', '.join(each.notebook for each in theirs)}: say which with --notebook")
    return theirs[0]


def _audit(run, submission) -> None:
    """Write what was judged of one notebook, and say where its stored result differs."""
    from course_lib.grading.audit import audit
    from course_lib.grading.grade import GraderFault

    try:
        with out.status("grading it once more …"):
            path, compared = audit(run, submission)
    except GraderFault as error:
        _stop(str(error))
    for line in compared:
        out.print(_shown(line), soft_wrap=True)
    where = _on_one_line(str(path))
    out.print(f"for the lecturer only, it holds hidden inputs and right answers: {where}", soft_wrap=True)


def _print_gradebook(results: list[dict]) -> None:
    """One table a notebook; its exercises are numbered, so that it fits into 80 columns, and named below."""
    from course_lib.grading.gradebook import exercise_ids, points

    for notebook in dict.fromkeys(result["notebook"] for result in results):
        rows = [result for result in results if result["notebook"] == notebook]
        ids = exercise_ids(rows)
        table = Table(title=notebook, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("student", overflow="fold")  # the one that gives way where a name is long
        table.add_column("status", no_wrap=True)
        for heading in ("score", *map(str, range(1, len(ids) + 1))):
            table.add_column(heading, justify="right", no_wrap=True)
        for result in rows:
            colour = "green" if result["status"] == "ok" else "red"
            score, earned = f"{result['score']:g}/{result['max_score']:g}", points(result)
            cells = [f"[{colour}]{result['status']}[/]", score, *(f"{earned.get(name, 0):g}" for name in ids)]
            table.add_row(_on_one_line(result["student"]), *cells)
        out.print(table)
        legend = (f"{number}={name}" for number, name in enumerate(ids, start=1))
        out.print(", ".join(legend), style="dim")
        out.print()


def _print_moved(results: list[dict]) -> None:
    """Whose score moved though the file is the same."""
    table = Table(
        title="moved by grading again", title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_edge=False
    )
    table.add_column("student", overflow="fold")
    table.add_column("notebook", no_wrap=True)
    for heading in ("before", "now", "change"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in sorted(results, key=lambda result: (result["notebook"], result["student"])):
        before, now = result["score_before"], result["score"]
        colour = "green" if now > before else "red"
        change = f"[{colour}]{now - before:+.10g}[/]"
        table.add_row(_on_one_line(result["student"]), result["notebook"], f"{before:g}", f"{now:g}", change)
    out.print(table)
    out.print()


def _print_tests(result: dict) -> None:
    from course_lib.exercises.verdict import NOT_ATTEMPTED

    if result["status"] != "ok":
        out.print(f"[red]{result['status']}[/]: {_shown(result['message'])}", soft_wrap=True)
    for test in result["tests"]:
        open_ = test["message"].startswith(NOT_ATTEMPTED)
        sign = "[green]✓[/]" if test["passed"] else ("○" if open_ else "[red]✗[/]")
        message = f": {_shown(test['message'])}" if test["message"] else ""
        points = f"{test['points']:g}/{test['max_points']:g}"
        out.print(f"{sign} {points:>9}  {test['exercise']} – {escape(test['test'])}{message}", soft_wrap=True)
    out.print(f"{result['score']:g} of {result['max_score']:g} points on the visible cases")


def _shown(text: str) -> str:
    """Text that a submission chose (a folder's name, an error), safe for a terminal."""
    from course_lib.grading.pages import clean

    return escape(clean(text.encode("utf-8", "replace").decode("utf-8")))


def _on_one_line(text: str) -> str:
    """The same of a name, which could else write a line of its own."""
    return _shown(re.sub(r"\s", " ", text))


def _lecture(notebook: str) -> Path:
    """The executed notebook that somebody names, or whose path they give."""
    path = Path(notebook)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    name = path.name.removesuffix(".ipynb")
    if path.parent != Path() or name not in exercises.notebooks():
        _stop(f"there is no notebook {notebook}; the course has {', '.join(exercises.notebooks())}")
    return _root(instructor=True) / "solutions" / f"{name}.ipynb"


def _known_notebooks(notebook: str) -> tuple[str, ...]:
    if notebook and notebook not in exercises.notebooks():
        _stop(f"the course has no notebook {notebook!r}; it has {', '.join(exercises.notebooks())}")
    return (notebook,) if notebook else exercises.notebooks()


def _texts(notebook: str):
    from course_lib.grading.course import Texts

    return Texts.read(_root(instructor=True) / "solutions", notebook)


def _root(instructor: bool = False) -> Path:
    """The top folder of the course: the one above the working folder that has notebooks/, else the checkout's."""
    for folder in (Path.cwd(), *Path.cwd().parents, Path(course_lib.__file__).resolve().parents[1]):
        if (folder / "notebooks").is_dir() and (folder / "pyproject.toml").is_file():
            if instructor and not (folder / "solutions").is_dir():
                _stop("this needs solutions/, which only the instructor's copy of the course has")
            return folder
    _stop("this is not inside the course's folder: change into it first")


def _stop(message: str, code: int = 2) -> NoReturn:
    err.print(f"[bold red]error:[/] {_shown(message)}", soft_wrap=True)
    raise typer.Exit(code)
