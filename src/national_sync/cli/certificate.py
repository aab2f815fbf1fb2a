"""`national-sync certificate`: print certificates, and say whether one is genuine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import COUNTY, DAY, FILE, NUMBER
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import row_facts
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.words import word


@click.group(cls=Group, help=N_("Certificates: print them, verify them."))
def certificate() -> None:
    pass


@certificate.command(help=N_("Show the public key that verifies our certificates; make the key pair once."))
@click.option("--create", is_flag=True, cls=Option, help=N_("Make the key pair if there is none."))
@pass_invocation
def key(invocation: Invocation, create: bool) -> None:
    from national_sync.signing import create_key, load_signer

    bootstrap = invocation.open()
    file = bootstrap.signing_key_file
    is_new = False
    if create:
        with bootstrap.database() as database, database.write(durable=True) as connection:
            act = deciding(invocation, connection)
            is_new = create_key(file)
            if is_new:
                act.written_down(connection, "certificate.key_made", "certificate", 0)
    public = load_signer(file).public_key
    invocation.answer(
        {"key": {"file": str(file), "public_key": public, "is_new": is_new}},
        lambda: _(
            N_("Public key: {key}\nGive it to everybody who verifies. Keep a copy of {file} apart from this machine."),
            key=public,
            file=file,
        ),
    )


@certificate.command(help=N_("Print the star certificates of a certified batch, a page each, as one PDF."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("file", type=FILE)
@click.option("--volunteer", cls=Option, help=N_("Only this volunteer's."))
@click.option("--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Only this county."))
@pass_invocation
def stars(invocation: Invocation, number: int, file: Path, volunteer: str | None, county: str | None) -> None:
    from national_sync.acts import find_volunteer
    from national_sync.recognition.certificates import star_certificates
    from national_sync.signing import load_signer

    bootstrap = invocation.open()
    signer = load_signer(bootstrap.signing_key_file)
    with bootstrap.database() as database, database.read() as connection:
        reading(invocation, connection, county, named=True)
        chosen = None if volunteer is None else find_volunteer(connection, volunteer)
        document, count = star_certificates(connection, number, signer, volunteer_id=chosen, county=county)
    file.write_bytes(document)
    invocation.answer(
        {"certificates": {"file": str(file), "count": count}},
        lambda: _(N_("Certificates in {file}: {count}"), file=file, count=count),
    )


@certificate.command(help=N_("Issue a service certificate (order 67): the effective records of some time."))
@click.argument("volunteer")
@click.argument("file", type=FILE)
@click.option("--from", "first", cls=Option, type=DAY, required=True, help=N_("The first service day."))
@click.option("--until", "last", cls=Option, type=DAY, required=True, help=N_("The last service day."))
@pass_invocation
def service(invocation: Invocation, volunteer: str, file: Path, first: datetime, last: datetime) -> None:
    from national_sync.acts import county_of, find_volunteer
    from national_sync.recognition.certificates import issue_service_certificate
    from national_sync.signing import load_signer

    bootstrap = invocation.open()
    signer = load_signer(bootstrap.signing_key_file)
    with bootstrap.database() as database, database.write(durable=True) as connection:
        chosen = find_volunteer(connection, volunteer)
        act = deciding(invocation, connection, county_of(connection, chosen))
        number, document = issue_service_certificate(connection, chosen, first.date(), last.date(), signer, act)
        file.write_bytes(document)
    invocation.answer(
        {"certificate": {"file": str(file), "number": number}},
        lambda: _(N_("Certificate {number} is in {file}."), number=number, file=file),
    )


@certificate.command(help=N_("Print a certificate again, as it was printed first."))
@click.argument("number")
@click.argument("file", type=FILE)
@pass_invocation
def reprint(invocation: Invocation, number: str, file: Path) -> None:
    from national_sync.recognition.certificates import reprint as reprint_certificate
    from national_sync.signing import load_signer

    bootstrap = invocation.open()
    signer = load_signer(bootstrap.signing_key_file)
    with bootstrap.database() as database, database.read() as connection:
        reading(invocation, connection, named=True)
        file.write_bytes(reprint_certificate(connection, number, signer))
    invocation.answer(
        {"certificate": {"file": str(file), "number": number}},
        lambda: _(N_("Certificate {number} is in {file}."), number=number, file=file),
    )


@certificate.command(
    help=N_("What the office knows of a certificate's number: whom it is for, whether it was revoked.")
)
@click.argument("number")
@pass_invocation
def show(invocation: Invocation, number: str) -> None:
    from national_sync.recognition.certificates import state_of

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection, named=True)
        facts = row_facts(state_of(connection, number))
    invocation.answer(
        {"certificate": facts},
        lambda: _(
            N_("Certificate {number} ({kind}): {state}"),
            number=number,
            kind=word(f"{facts['kind']}_certificate"),
            state=word(facts["state"]),
        ),
    )


@certificate.command(help=N_("Say whether a certificate's code is genuine; needs neither database nor network."))
@click.argument("code")
@click.option("--public-key", cls=Option, help=N_("The office's public key; else that of this machine."))
@pass_invocation
def verify(invocation: Invocation, code: str, public_key: str | None) -> None:
    from national_sync.signing import verify as verify_code

    known = public_key or _own_public_key(invocation)
    facts = verify_code(code, known)._asdict()
    invocation.answer({"genuine": True, "certificate": facts}, lambda: _verified(facts))


def _own_public_key(invocation: Invocation) -> str:
    from national_sync.errors import UsageError
    from national_sync.signing import load_signer

    file = invocation.open().signing_key_file
    if not file.exists():
        raise UsageError(
            N_("There is no certificate key on this machine; name the public key of the office."),
            hint=N_("national-sync certificate verify CODE --public-key KEY"),
        )
    return load_signer(file).public_key


def _verified(facts: dict[str, Any]) -> str:
    if facts["kind"] == "star":
        certified = _(N_("{star} stars, hours up to {day}"), star=facts["certified"], day=facts["day"])
    else:
        certified = _(N_("{hours} hours, issued on {day}"), hours=hours(int(facts["certified"])), day=facts["day"])
    return _(
        N_("Genuine. {kind} {number} for {name}: {certified}. Compare it with what is printed."),
        kind=word(f"{facts['kind']}_certificate"),
        number=facts["number"],
        name=facts["name"],
        certified=certified,
    )
