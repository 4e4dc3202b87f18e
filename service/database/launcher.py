"""Change from root to another user, arrange to end with the parent process, and execute another program.

This script runs, by path, between our process and the server's programs; it imports only the standard library,
so that it starts in 15 ms. The ready-made means do not suffice: a ``preexec_fn`` runs in a forked copy of a
process that has threads and may deadlock there, and ``Popen(user=...)`` cannot set the parent-death signal after
the change of user, which clears it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, *, command: list[str]) -> None:
    """Execute ``command`` as ``uid`` and ``gid`` in this process.

    When the parent is killed, the kernel sends SIGINT, which the server takes as a fast and clean stop: it does
    not run on without a parent. Where the kernel has no such signal, the next start stops the server. SIGINT gets
    its default action back: a process started in the background by a shell ignores it, children inherit that, and
    a signal sent before the server installs its handler would be lost.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:  # the parent died before the signal was arranged
        sys.exit("the process that started this server is gone")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), command=sys.argv[4:])
