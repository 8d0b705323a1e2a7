#!/usr/bin/env python3
"""restart.py COMMAND [ARG ...]: a service manager that restarts a daemon.

The sockets, TCP and UDP on one port of 127.0.0.1, are the manager's and stay
open.  What comes when the first daemon has ended is for the second to answer.
Says what became of it, in words.
"""
import fcntl
import os
import socket
import subprocess
import sys
import time

BUFFER = 16 << 20
SO_RCVBUFFORCE = 33
API = "/api/v1/version/"
UPDATE = b'{"app":"between","ver":"1","host":"web1"}'


def sockets():
    """As descriptors 3 and 4, where a daemon looks for them."""
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    fds = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, 10) for s in (tcp, udp)]
    tcp.detach(), udp.detach()
    for at, fd in enumerate(fds, 3):
        os.dup2(fd, at)
    return socket.socket(fileno=fds[0]), socket.socket(fileno=fds[1])


def start():
    return subprocess.Popen(
        ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$@"', "sh"]
        + sys.argv[1:], pass_fds=(3, 4))


def connect():
    s = socket.create_connection(where, 10)
    s.sendall(f"GET {API} HTTP/1.0\r\n\r\n".encode())
    return s


def answer(s):
    with s, s.makefile("rb") as f:
        return f.read()


def stop(daemon):
    daemon.terminate()
    print("exit", daemon.wait())


tcp, udp = sockets()
where = tcp.getsockname()
try:
    udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
except PermissionError:
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
size = udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

first = start()
print(answer(connect()).split(b"\r\n")[0].decode())
now = udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
print("buffer", "shrunk" if now < size else "kept")
stop(first)

waiting = connect()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(UPDATE, where)
second = start()
print(answer(waiting).split(b"\r\n")[0].decode())
for _ in range(600):
    body = answer(connect())
    if b"between" in body:
        print("between", "was heard")
        break
    time.sleep(0.05)
stop(second)
