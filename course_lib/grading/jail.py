"""What a graded kernel finds around itself: bubblewrap's view of the machine, and a ``course_lib`` without answers.

There is no network, no process of the host, no file of it but a read-only Python, and of ``course_lib`` only what
running an answer needs: none of the library that an answer could be imported from.
"""

import os
import platform
import site
import sys
import sysconfig
from pathlib import Path

import course_lib

HOME = "/home/student"
SOCKETS = "/sockets"
_DISKS = {"/tmp": 64, "/dev/shm": 64, HOME: 64, SOCKETS: 1}  # what a kernel may write to, and how many MiB
_MOST_FILES = 15_000  # on each: a file costs memory that no limit counts
_ZYGOTE = Path(__file__).with_name("zygote.py")
_KEPT = ("__init__", "backend", "exercises")  # of course_lib, in every graded kernel
_MASKED = (
    'raise ImportError("this part of course_lib is not there while grading: an answer uses its own code and NumPy")\n'
)
# Libraries that differentiate or solve by themselves: they are not there, whatever is installed on this machine.
_SOLVERS = ("autograd", "jax", "jaxlib", "keras", "numba", "scipy", "sympy", "tensorflow", "torch")
_NO_SOLVER = 'raise ImportError("this is not there while grading: an answer uses its own code and NumPy")\n'
_QUIET = '''"""Checks show nothing while grading."""


def check(answer):
    """Do nothing."""


hint = check


def earned(answer):
    """No points are given here."""
    return 0.0


def progress():
    """Do nothing."""
'''


def command(user: int, gpu: bool) -> list[str]:
    """The bubblewrap command up to the program's own.

    Args:
        user: whom kernels run as, where we are root; else 0.
        gpu: whether the devices of NVIDIA are there, and what CUDA reads of the system to find them.
    """
    argv = ["bwrap", "--die-with-parent", "--new-session"]
    argv += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    argv += ["--hostname", "course"]
    # For the parent of the kernels, to make namespaces for each; the kernels themselves give them up.
    for capability in ("SYS_ADMIN", "SETPCAP", *(["SETUID", "SETGID"] if user else [])):
        argv += ["--cap-add", f"CAP_{capability}"]
    # As root of a user namespace of its own: mapped back to the user by a second one, it might not mount anything.
    argv += [] if user else ["--unshare-user", "--uid", "0", "--gid", "0"]
    argv += ["--ro-bind", "/usr", "/usr"]
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(path):
            argv += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            argv += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts"):
        argv += ["--ro-bind-try", path, path]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    if gpu:
        argv += ["--ro-bind", "/sys", "/sys"]
        for device in sorted(Path("/dev").glob("nvidia*")):
            argv += ["--dev-bind", str(device), str(device)]
    else:
        argv += ["--bind", "/dev/null", "/dev/zero"]  # a map of it is memory that is shared, see seccomp
    for path in (*_DISKS, "/library"):
        argv += ["--tmpfs", path]
    argv += _python_binds()
    argv += ["--ro-bind", str(_ZYGOTE), "/zygote.py"]
    # What bubblewrap makes for itself is memory without a limit.
    argv += ["--remount-ro", "/dev", "--remount-ro", "/"]
    argv += ["--chdir", HOME, "--clearenv"]
    for name, value in environment(HOME, "/library").items():
        argv += ["--setenv", name, value]
    return [*argv, "--"]


def disks() -> dict[str, str]:
    """Where a kernel may write, each with the options of its tmpfs."""
    return {path: f"mode=1777,size={size}m,nr_inodes={_MOST_FILES}" for path, size in _DISKS.items()}


def prefixes() -> list[str]:
    """The folders of Python and its packages that lie outside /usr."""
    found = dict.fromkeys([sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix])
    return [prefix for prefix in found if not prefix.startswith("/usr") or prefix == "/usr/local"]


def _python_binds() -> list[str]:
    """Python and its packages, read-only, with everything that belongs to the course left out."""
    package = Path(course_lib.__file__).resolve().parent
    outer = prefixes()
    binds: list[str] = []
    for prefix in outer:
        for folder in reversed(Path(prefix).parents[:-1]):  # else as closed to others as on the host: /root
            binds += ["--perms", "0755", "--dir", str(folder)]
        binds += ["--ro-bind", prefix, prefix]
    if (package.parent / "pyproject.toml").exists():  # a checkout: it may lie in a bound folder
        if any(package.parent.is_relative_to(prefix) for prefix in [*outer, "/usr"]):
            binds += ["--tmpfs", str(package.parent)]
            for prefix in outer:
                if Path(prefix).is_relative_to(package.parent):
                    binds += ["--ro-bind", prefix, prefix]
    else:
        binds += ["--tmpfs", str(package)]
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    for path in (Path(place, name) for place in sorted(places) for name in _SOLVERS):
        binds += ["--tmpfs", str(path)] if path.is_dir() else []
    return binds


def environment(home: str, library: str) -> dict[str, str]:
    """All that a kernel is told of its surroundings."""
    return {
        "COURSE_LIB_KERNELS": "plain",
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{sys.prefix}/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": library,
        "TZ": "UTC",
        "USER": "student",
    }


def library(needs: tuple[str, ...]) -> dict[str, str]:
    """A ``course_lib`` for graded kernels: what running an answer needs, a refusal for its rest, and for solvers.

    Args:
        needs: the parts that answers of the notebook may use.

    Returns:
        Each file's text by its path.
    """
    package = Path(course_lib.__file__).resolve().parent
    kept, texts = {*_KEPT, *needs}, {}
    for path in package.iterdir():
        if path.stem in kept:
            files = path.rglob("*") if path.is_dir() else [path]
            texts |= {file: file.read_text(encoding="utf-8") for file in files if file.suffix in (".py", ".cu")}
        elif path.suffix == ".py":
            texts[path] = _QUIET if path.name == "checking.py" else _MASKED
        elif (path / "__init__.py").exists() or any(path.glob("*.py")):
            texts[path / "__init__.py"] = _MASKED
    found = {f"course_lib/{path.relative_to(package).as_posix()}": text for path, text in texts.items()}
    return found | {f"{name}/__init__.py": _NO_SOLVER for name in _SOLVERS}


def user() -> int:
    """Whom a kernel runs as where we are root: one that owns nothing, different for each grading process."""
    return 20000 + os.getpid() % 40000 if platform.system() == "Linux" and os.getuid() == 0 else 0
