"""Helper of an ID-card reader beside a kiosk; Python 3.11 and nothing else.

The reader's own software posts the number it read to http://127.0.0.1:8461/ as plain text; this seals it and hands it in.
Settings come from the environment: KIOSK_SERVER, KIOSK_DEVICE and KIOSK_READER_KEY, as `kiosk device reader` printed them.
"""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer


def token(device: str, key: str, id_number: str, time_ms: int) -> dict[str, object]:
    message = f"NSR1\n{device}\n{time_ms}\n{id_number}".encode()
    seal = base64.urlsafe_b64encode(hmac.digest(key.encode(), message, hashlib.sha256)).decode().rstrip("=")
    return {"device": device, "id_number": id_number, "time_ms": time_ms, "seal": seal}


def hand_in(server: str, body: dict[str, object]) -> int:
    """The status of the answer: 204 when the kiosk has it."""
    request = urllib.request.Request(
        f"{server}/api/v1/readings", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 503


class Reader(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        # A page of the web could make a browser post here, but not without saying where it comes from.
        status = 403 if self.headers.get("Origin") or length > 100 else self.handed_in(self.rfile.read(length))
        self.send_response(status)
        self.end_headers()

    def handed_in(self, read: bytes) -> int:
        id_number = read.decode("ascii", "ignore").strip().upper()
        settings = os.environ["KIOSK_DEVICE"], os.environ["KIOSK_READER_KEY"]
        return hand_in(os.environ["KIOSK_SERVER"], token(*settings, id_number, int(time.time() * 1_000)))

    def log_message(self, *_arguments: object) -> None:
        """Nothing of a person is written anywhere."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", 8461), Reader).serve_forever()
