"""An HTTP server on 127.0.0.1, as the launchers beside it need one."""
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import urlsplit


class Listener(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(answer):
    """
    Prints its URL, and ends with its standard input. `answer(path, method, url, headers, body)` gives a status, a body and headers.
    A connection is closed after its answer: HTTP/1.0.
    """

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            url = 'http://%s:%d%s' % (*self.server.server_address, self.path)
            body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
            status, content, headers = answer(urlsplit(url).path, self.command, url, self.headers, body)
            text = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header('Content-Length', str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = handle_any

        def log_message(self, *_):
            pass

    def end_with_input():
        sys.stdin.read()
        os._exit(0)

    with Listener(('127.0.0.1', 0), Handler) as listener:
        threading.Thread(target=end_with_input, daemon=True).start()
        print('http://%s:%d' % listener.server_address, flush=True)
        listener.serve_forever()
