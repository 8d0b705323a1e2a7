#!/usr/bin/env python3
"""stub.py PORT OUT LOG [-6] [PATH=ANSWER ...]: a server as tests need it.

Takes updates over UDP and HTTP on 127.0.0.1 (-6: on ::1) and appends them to
OUT, one a line, in the order in which they come.  LOG gets a line for each
datagram ("udp LINES") and each request ("POST PATH LINES CONNECTION"), and
"ready" at first.  ANSWER to what is posted to PATH is a status, or "hang",
"drop", or "drip"; it is 200 unless given, and only a 200 goes into OUT.
"""
import http.server
import socket
import sys
import threading
import time

args = [a for a in sys.argv[1:] if a != "-6"]
port, out, log = int(args[0]), open(args[1], "ab", 0), open(args[2], "ab", 0)
answers = dict(a.rsplit("=", 1) for a in args[3:])
family, host = socket.AF_INET, "127.0.0.1"
if "-6" in sys.argv:
    family, host = socket.AF_INET6, "::1"
mutex = threading.Lock()
peers = []


def note(what, body, taken=True):
    body = body.strip(b"\n")
    with mutex:
        if taken:
            out.write(body + b"\n")
        log.write(what.replace("%", str(len(body.split(b"\n")))).encode()
                  + b"\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.client_address not in peers:
            peers.append(self.client_address)
        answer = answers.get(self.path, "200")
        note(f"POST {self.path} % {peers.index(self.client_address)}", body,
             answer == "200")
        if answer == "hang":
            time.sleep(3600)
        if answer == "drop":
            self.close_connection = True
            return
        text = b"{}"
        if answer == "drip":
            answer, text = "200", b" " * 3600
        if answer != "200":
            text = b'{"error":"no \\u001b[31m%s today"}' % answer.encode()
        self.send_response(int(answer))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        for i in range(len(text)):
            self.wfile.write(text[i:i + 1])
            self.wfile.flush()
            if len(text) == 3600:
                time.sleep(0.1)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = family


udp = socket.socket(family, socket.SOCK_DGRAM)
udp.bind((host, port))
server = Server((host, port), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
log.write(b"ready\n")
while True:
    note("udp %", udp.recv(65536))
