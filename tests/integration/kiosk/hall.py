"""A lobby: a town with its service, and devices that sign as the page does."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.integration.exchange.town import Town

from national_sync.sealing import Sealer, SealingKey
from national_sync.signing import Facts, Signer
from national_sync.web import cards
from national_sync.web.app import kiosk_app
from national_sync.web.desk import Desk
from national_sync.web.devices import DeviceKind, add_device
from national_sync.web.names import Names
from national_sync.web.patience import PatientProtocol
from national_sync.web.signing import SignedRequest, packed, pairing_message

SEALER = Sealer([SealingKey("k1", bytes(range(32)))])
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
"""Of certificates and cards."""
_numbers = itertools.count(1)


def signature_by(key: ec.EllipticCurvePrivateKey, message: bytes) -> str:
    """As WebCrypto signs."""
    first, second = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return packed(first.to_bytes(32) + second.to_bytes(32))


@dataclass
class Hall:
    town: Town
    desk: Desk
    client: TestClient

    def new_code(self, kind: DeviceKind = DeviceKind.KIOSK, outlet: int | None = None) -> tuple[int, str]:
        """What `kiosk device add` prints."""
        with self.town.database.write() as connection:
            row, code = add_device(
                connection, SEALER, name="大厅", kind=kind, outlet_id=outlet, actor="operator:chen",
                now=int(self.town.clock.now()),
            )  # fmt: skip
        return row["id"], code

    def kiosk(self, kind: DeviceKind = DeviceKind.KIOSK, outlet: int | None = None) -> Kiosk:
        """A device that has been admitted."""
        number, code = self.new_code(kind, outlet)
        kiosk = Kiosk(self, number, ec.generate_private_key(ec.SECP256R1()))
        answer = kiosk.pair(code)
        assert answer.status_code == 201, answer.text
        kiosk.device = answer.json()["device"]
        return kiosk

    def card(self, volunteer: int) -> cards.IssuedCard:
        with self.town.database.write() as connection:
            return cards.issue_card(connection, SEALER, volunteer, actor="operator:chen", now=0)

    def volunteer_card(self, volunteer: int) -> str:
        """The code of the card that the office prints."""
        [(number, name)] = self.town.sql("SELECT number, name FROM volunteer WHERE id = :id", id=volunteer)
        return SIGNER.code(Facts("card", number, name, "530802", "2025-03-05"))

    def shown(self, card: cards.IssuedCard) -> str:
        with self.town.database.read() as connection:
            return cards.shown_code(connection, SEALER, card.card_id, int(self.town.clock.now()))

    def nightly(self, at: float | None = None) -> None:
        """A run with the national side has ended."""
        with self.town.database.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO run (kind, state, holder, lease_until, started_at, ended_at)"
                    " VALUES ('nightly', 'finished', 'x:1', 0, 0, :at)"
                ),
                {"at": int(self.town.clock.now() if at is None else at)},
            )


@dataclass
class Kiosk:
    hall: Hall
    number: int
    key: ec.EllipticCurvePrivateKey
    device: str = ""
    session: str = ""

    def pair(self, code: str, proof: str | None = None) -> Any:
        spki = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        body = {
            "code": code,
            "public_key": packed(spki),
            "proof": proof or signature_by(self.key, pairing_message(code)),
            "version": "1",
        }
        return self.hall.client.post("/api/v1/devices", json=body)

    def signed(self, method: str, path: str, body: bytes = b"", **other: str) -> dict[str, str]:
        """The headers of a request; `other` replaces a part after signing."""
        time_ms = other.pop("at", None) or str(int(self.hall.town.clock.now() * 1_000))
        nonce = f"{next(_numbers):022d}"
        request = SignedRequest(method, path, body, self.device, time_ms, nonce, self.session, "")
        headers = {
            "Kiosk-Device": self.device,
            "Kiosk-Time": time_ms,
            "Kiosk-Nonce": nonce,
            "Kiosk-Session": self.session,
            "Kiosk-Signature": signature_by(self.key, request.message),
            "Content-Type": "application/json",
            "Accept-Language": "en",
        }
        return headers | other

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        return self.hall.client.request(method, path, content=content, headers=self.signed(method, path, content))

    def come(self, code: str, pin: str = "") -> Any:
        """Identify somebody."""
        answer = self.ask("POST", "/api/v1/visit", {"code": code, "pin": pin})
        if answer.status_code == 201:
            self.session = answer.json()["session"]
        return answer

    def welcome(self, volunteer: int) -> Kiosk:
        """Somebody has come with the code on the phone."""
        assert self.come(self.hall.shown(self.hall.card(volunteer))).status_code == 201
        return self

    def tap(self, name: str, **fields: str) -> Any:
        """Ask for a screen of the page, as the page does."""
        path, body = f"/screen/{name}", urlencode(fields).encode()
        headers = self.signed("POST", path, body, **{"Content-Type": "application/x-www-form-urlencoded"})
        return self.hall.client.post(path, content=body, headers=headers)

    def offers(self) -> list[dict[str, Any]]:
        offers: list[dict[str, Any]] = self.ask("GET", "/api/v1/offers").json()["offers"]
        return offers

    def hold(self, offer: str, key: str = "wish") -> Any:
        return self.ask("POST", "/api/v1/holds", {"offer": offer, "key": key})


@contextmanager
def hall_in(town: Town) -> Iterator[Hall]:
    """The service on a town's database; it does not tidy up by itself, for time stands still here."""
    desk = Desk(
        database=town.database, ledger=town.ledger, steps=town.steps, sealer=SEALER, clock=town.clock,
        names=Names(SEALER),
    )  # fmt: skip
    hall = Hall(town, desk, TestClient(kiosk_app(desk, public_key=SIGNER.public_key), base_url="http://kiosk"))
    town.clock.time += 10
    hall.nightly()
    yield hall
    hall.client.close()
    desk.looks.close()


@contextmanager
def served(hall: Hall) -> Iterator[str]:
    """The service on a port of this machine; its address."""
    app = kiosk_app(hall.desk, public_key=SIGNER.public_key)
    hall.town.clock.time += 10
    config = uvicorn.Config(app, host="127.0.0.1", port=0, http=PatientProtocol, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def kind_of(answer: Any) -> str:
    """The stable part of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "hint"}
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["hint"]
    kind: str = problem["type"]
    return kind.removeprefix("urn:national-sync:problem:")
