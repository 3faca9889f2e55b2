"""Hands its streams, folder, variables and arguments to a warm interpreter, and ends as the run there ends.

Started with ``-IS``, as ``client.py SOCKET ARGUMENTS...``; when it is killed, so is the run.
"""

import json
import os
import signal
import socket
import sys


def main():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(sys.argv[1])
        mask = os.umask(0)
        os.umask(mask)
        request = {"argv": sys.argv[2:], "cwd": os.getcwd(), "env": dict(os.environ), "mask": mask}
        data = json.dumps(request).encode()
        socket.send_fds(connection, [len(data).to_bytes(4, "big")], [0, 1, 2])
        connection.sendall(data)
        said = connection.recv(16)
    status = int(said or b"70")
    if status < 0:
        signal.signal(-status, signal.SIG_DFL) if -status not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -status)
    os._exit(status)


main()
