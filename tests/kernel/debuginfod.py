#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""debuginfod.py DIR MODE: a debuginfod server for tests. Writes its port to DIR/port and each request's path to
DIR/requests. MODE: `files` serves the files below DIR, as DIR/buildid/ID/debuginfo; `silent` never answers; `endless`
sends one file slowly and without end."""
import http.server
import os
import sys
import time

DIR, MODE = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.path.join(DIR, "requests"), "a", encoding="utf-8") as log:
            print(self.path, file=log)
        if MODE == "silent":
            time.sleep(3600)
        if MODE == "endless":
            self.send_response(200)
            self.send_header("Content-Length", str(50 << 20))
            self.end_headers()
            while True:
                self.wfile.write(b"x" * 20000)
                time.sleep(0.05)
        self.answer()

    def answer(self):
        try:
            with open(os.path.join(DIR, self.path.lstrip("/")), "rb") as file:
                text = file.read()
        except OSError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *_: None  # whoever asked has gone
with open(os.path.join(DIR, "port.new"), "w", encoding="utf-8") as port:
    print(server.server_port, file=port)
os.rename(os.path.join(DIR, "port.new"), os.path.join(DIR, "port"))
server.serve_forever()
