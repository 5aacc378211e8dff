"""A seccomp filter for graded kernels, as the program that the system reads.

It refuses memory that belongs to no process, which no limit would count: what several may share without mapping it,
pages that wait in a pipe, locks and watches on files. It refuses leases, by which the owner of a file keeps all others
from opening it, on this machine, too; namespaces, in which a submission could mount a disk of its own; the calls that
look into other processes or deep into the system; sockets of rare kinds, some of which reach the host of a virtual
machine whatever network there is; and sockets that hold more unread than usual. Nothing that a notebook of this course
does needs one of them.
"""

import errno
import platform
import struct

_REFUSED = {
    # memory that no process is charged for
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "vmsplice": (278, 75),
    "splice": (275, 76),
    "tee": (276, 77),
    "inotify_init": (253, 26),  # the older one is only on the first machine
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    # other processes, and parts of the system where mistakes were found before
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "syslog": (103, 116),
}
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # the column above and below, audit's name
_CLONE, _SOCKET, _SETSOCKOPT, _FCNTL, _MMAP = (56, 220), (41, 198), (54, 208), (72, 25), (9, 222)
_FAMILIES = (1, 2, 10, 16)  # of sockets: Unix, IPv4 and 6, netlink; ZeroMQ ends a process that is denied the last three
_LOCKS_AND_LEASES = (6, 7, 37, 38, 1024, 1026)  # of fcntl: to lock a part of a file, F_SETLEASE, F_NOTIFY
_MAP_SHARED, _MAP_ANONYMOUS = 0x01, 0x20
_SOL_SOCKET, _SO_SNDBUF = 1, 7
_CLONE3 = 435
_NEW_USER = 0x10000000  # the flag of clone() for a user namespace
_OTHER_ABI = 0x40000000  # x32 calls are numbered from here

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW = (_RETURN, 0, 0, 0x7FFF0000)
_REFUSE, _MISSING = ((_RETURN, 0, 0, 0x00050000 | number) for number in (errno.EPERM, errno.ENOSYS))

Step = tuple[int, int, int, int]  # what to do, how many steps to skip if so and if not, a value


def program(gpu: bool) -> bytes:
    """The filter in the kernel's byte code; empty on machines whose system calls are not in the table.

    Args:
        gpu: whether CUDA shall work, which begins with a `memfd_create` and shares memory.
    """
    if platform.machine() not in _MACHINES:
        return b""
    column, machine = _MACHINES[platform.machine()]
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), _REFUSE]
    steps += [(_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _OTHER_ABI), _REFUSE]
    for name, numbers in _REFUSED.items():
        if not (gpu and name == "memfd_create"):
            steps += _of_call(numbers[column], [_REFUSE])
    # Where clone3 is missing the C library falls back to clone, whose flags can be seen from here.
    steps += _of_call(_CLONE3, [_MISSING])
    steps += _of_call(_CLONE[column], [_argument(0), (_ANY_BIT, 0, 1, _NEW_USER), _REFUSE, _ALLOW])
    steps += _of_call(_SOCKET[column], [_argument(0), *_one_of(_FAMILIES, _ALLOW), _REFUSE])
    steps += _of_call(_FCNTL[column], [_argument(1), *_one_of(_LOCKS_AND_LEASES, _REFUSE), _ALLOW])
    sending = [_argument(1), (_EQUAL, 1, 0, _SOL_SOCKET), _ALLOW, _argument(2), *_one_of((_SO_SNDBUF,), _REFUSE)]
    steps += _of_call(_SETSOCKOPT[column], [*sending, _ALLOW])
    if not gpu:
        shared = [_argument(3), (_ANY_BIT, 1, 0, _MAP_SHARED), _ALLOW, (_ANY_BIT, 0, 1, _MAP_ANONYMOUS), _REFUSE]
        steps += _of_call(_MMAP[column], [*shared, _ALLOW])
    steps += [_ALLOW]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _of_call(number: int, steps: list[Step]) -> list[Step]:
    """Steps for one system call, with an answer at their end, since they may load something else than its number."""
    return [(_EQUAL, 0, len(steps), number), *steps]


def _argument(number: int) -> Step:
    """Load the lower half of an argument."""
    return (_LOAD, 0, 0, 16 + 8 * number)


def _one_of(values: tuple[int, ...], answer: Step) -> list[Step]:
    """Answer if what is loaded is one of some values."""
    return [step for value in values for step in ((_EQUAL, 0, 1, value), answer)]
