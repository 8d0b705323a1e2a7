#!/usr/bin/env python3
"""ready.py PID PORT: many clients of partisci-recv ask in the same moment.

They ask while it is stopped, so that it finds all of them ready at once when
it goes on, and another number of them each time.  Exits 1 where one gets no
answer.
"""
import os
import random
import signal
import socket
import sys

CLIENTS = 400
ROUNDS = 250
ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def answered(client):
    got = b""
    try:
        while not got.endswith(b'{"status":"ok"}\n'):
            part = client.recv(4096)
            if not part:
                return False
            got += part
    except TimeoutError:
        return False
    return True


def main():
    pid, port = int(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(1)
    clients = [socket.create_connection(("127.0.0.1", port), 10)
               for _ in range(CLIENTS)]
    for number in range(ROUNDS):
        some = chance.sample(clients, chance.randint(130, CLIENTS))
        os.kill(pid, signal.SIGSTOP)
        try:
            for client in some:
                client.sendall(ASK)
        finally:
            os.kill(pid, signal.SIGCONT)
        if not all(answered(client) for client in some):
            sys.exit(f"round {number}: {len(some)} asked, not all answered")


main()
