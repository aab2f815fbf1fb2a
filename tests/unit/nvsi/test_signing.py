"""Signatures, tokens shared by threads, and encrypted bodies."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.nvsi.side import FakeClock, unhurried

from national_sync_adapters.nvsi.encryption import BodyCipher
from national_sync_adapters.nvsi.signing import Token, TokenKeeper, signature, token_request


def test_a_signature_depends_on_every_part() -> None:
    base = signature(b"secret", "puer", 1, "aa")
    others = [
        signature(b"other", "puer", 1, "aa"),
        signature(b"secret", "puer2", 1, "aa"),
        signature(b"secret", "puer", 2, "aa"),
        signature(b"secret", "puer", 1, "ab"),
    ]
    assert base not in others
    assert len(base) == 64


def test_a_nonce_is_never_used_twice() -> None:
    clock = FakeClock()
    nonces = {token_request(b"secret", "puer", clock)["nonce"] for _ in range(100)}
    assert len(nonces) == 100


def test_threads_that_find_no_token_fetch_one_between_them() -> None:
    clock, fetched, gate = FakeClock(), [0], threading.Event()

    def fetch() -> Token:
        gate.wait(5)
        fetched[0] += 1
        return Token(f"t{fetched[0]}", clock.now() + 100)

    keeper = TokenKeeper(fetch, clock)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(keeper.token) for _ in range(8)]
        gate.set()
        assert {call.result() for call in calls} == {"t1"}
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: keeper.token(refused="t1"), range(8))) == {"t2"}
    assert fetched == [2]


@unhurried
@given(secret=st.binary(min_size=1, max_size=40), body=st.binary(max_size=200))
def test_what_is_encrypted_can_be_decrypted(secret: bytes, body: bytes) -> None:
    cipher = BodyCipher(secret)
    assert cipher.decrypted(cipher.encrypted(body)) == body


def test_the_same_body_never_looks_the_same_twice() -> None:
    cipher = BodyCipher(b"secret")
    assert cipher.encrypted(b"{}") != cipher.encrypted(b"{}")


def test_a_plain_body_is_left_as_it_is() -> None:
    assert BodyCipher(b"secret").decrypted(b'{"code": 0}') == b'{"code": 0}'


@pytest.mark.parametrize("body", [b'{"encrypted": "!"}', b'{"encrypted": ""}', b'{"encrypted": "QUJD"}'])
def test_a_body_that_is_not_rightly_encrypted_is_an_error(body: bytes) -> None:
    with pytest.raises(ValueError):
        BodyCipher(b"secret").decrypted(body)
