"""Step down from root, promise to end with the parent, and become another program.

Run as a script, by path, between our process and the server's programs; it imports the standard library
alone, so that it starts in 15 ms. Neither of the ready-made ways will do: a ``preexec_fn`` runs in a forked
copy of a process that has threads and may deadlock there, and ``Popen(user=...)`` cannot ask for the death
signal after the change of user, which clears it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Run ``command`` as ``uid`` and ``gid``, in this same process.

    When the parent is killed outright, the kernel sends SIGINT, which the server takes as a fast and clean
    stop: it never runs on for nobody. Where the kernel makes no such promise, the next start ends what was
    left.  Whoever ignores SIGINT, as what a shell starts in the background does, hands that down: then an early one would
    be lost before the server listens.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:  # it died before the promise was made
        sys.exit("the process that asked for this server is gone")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
