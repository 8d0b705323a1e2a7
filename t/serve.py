#!/usr/bin/env python3
"""serve.py PORTFILE DIR: a web server that answers with files.

GET /api/v1/x/?y is answered with what is in DIR/x, whatever the query; its
status is 200, or what DIR/x.status says.  The path of each request goes to
DIR/log.  "cut" in DIR/x.cut ends the answer early; DIR/x.location is sent as
such.
"""
import http.server
import os
import sys

portfile, root = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with open(os.path.join(root, "log"), "a", encoding="utf-8") as log:
            log.write(self.path + "\n")
        name = self.path.split("?")[0].strip("/").split("/")[-1]
        path = os.path.join(root, name)
        body = b"no such page\n"
        status = 404
        if os.path.exists(path):
            with open(path, "rb") as f:
                body = f.read()
            status = 200
        if os.path.exists(path + ".status"):
            with open(path + ".status", encoding="utf-8") as f:
                status = int(f.read())
        self.send_response(status)
        if os.path.exists(path + ".location"):
            with open(path + ".location", encoding="utf-8") as f:
                self.send_header("Location", f.read().strip())
        missing = 100 if os.path.exists(path + ".cut") else 0
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = missing > 0

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(portfile + ".new", "w", encoding="utf-8") as f:
    f.write(str(server.server_port))
os.rename(portfile + ".new", portfile)
server.serve_forever()
