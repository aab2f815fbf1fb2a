"""What is signed, and what is no signature."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.kiosk.hall import signature_by

from national_sync.sealing import Sealer, SealingKey
from national_sync.web.names import Names
from national_sync.web.random_codes import as_typed, in_groups, random_code
from national_sync.web.signing import SignedRequest, is_genuine, load_key, packed, unpacked

KEY = ec.generate_private_key(ec.SECP256R1())
REQUEST = SignedRequest("POST", "/a?b=c", b"{}", "DEVICE", "1772000000000", "A" * 22, "token", "")
NAMES = Names(Sealer([SealingKey("k1", bytes(range(32)))]))


def test_a_signature_covers_every_part_of_a_request() -> None:
    signature = signature_by(KEY, REQUEST.message)
    assert is_genuine(KEY.public_key(), REQUEST.message, signature)
    others = [
        REQUEST._replace(method="GET"), REQUEST._replace(target="/a?b=d"), REQUEST._replace(body=b"{} "),
        REQUEST._replace(device="OTHER"), REQUEST._replace(time_ms="1772000000001"),
        REQUEST._replace(nonce="B" * 22), REQUEST._replace(session=""),
    ]  # fmt: skip
    assert not any(is_genuine(KEY.public_key(), other.message, signature) for other in others)


@given(bit=st.integers(0, 511))
def test_a_flipped_bit_spoils_a_signature(bit: int) -> None:
    raw = bytearray(unpacked(signature_by(KEY, b"message")) or b"")
    raw[bit // 8] ^= 1 << bit % 8
    assert not is_genuine(KEY.public_key(), b"message", packed(bytes(raw)))


@pytest.mark.parametrize("signature", ["", "=", "AAAA", "é" * 86, packed(bytes(64)), packed(b"\xff" * 64)])
def test_what_is_no_signature_is_refused_without_a_crash(signature: str) -> None:
    assert not is_genuine(KEY.public_key(), b"message", signature)


def test_only_keys_of_the_agreed_kind_are_taken() -> None:
    foreign = [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    ]
    for key in foreign:
        with pytest.raises(ValueError, match="P-256"):
            load_key(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(
    ("nonce", "time"), [("short", "1772000000000"), ("A" * 22, "1e12"), ("A" * 65, "1772000000000")]
)
def test_nonce_and_time_have_one_form(nonce: str, time: str) -> None:
    assert not REQUEST._replace(nonce=nonce, time_ms=time).is_well_formed


@given(row_id=st.integers(0, 2**63), flip=st.integers(0, 25))
def test_a_name_leads_back_to_its_row_and_an_invented_one_nowhere(row_id: int, flip: int) -> None:
    name = NAMES.outside("offer", row_id)
    assert NAMES.inside("offer", name) == row_id
    assert NAMES.inside("redemption", name) is None
    letter = "a" if name[flip] != "a" else "b"
    invented = name[:flip] + letter + name[flip + 1 :]
    assert NAMES.inside("offer", invented) in (None, row_id)


@pytest.mark.parametrize("name", ["", "1", "0" * 26, "é" * 26, "a" * 27])
def test_what_is_no_name_leads_nowhere(name: str) -> None:
    assert NAMES.inside("offer", name) is None


def test_a_code_may_be_typed_with_or_without_its_groups() -> None:
    code = random_code(16)
    assert as_typed(in_groups(code).lower()) == code
    assert as_typed("o0-iL1") == "00111"
