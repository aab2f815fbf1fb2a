"""`national-sync kiosk`: the service for the screens in lobbies, its devices, the cards of volunteers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import at_counter, looking, tell, tell_rows
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _

if TYPE_CHECKING:
    from national_sync.cli.counter import Counter

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
outlet_option = click.option(
    "--outlet", cls=Option, type=NUMBER, help=N_("Where it stands; without it, anywhere in the city.")
)


@click.group(cls=Group, help=N_("The kiosk: its service, its devices, the cards of volunteers."))
def kiosk() -> None:
    pass


@kiosk.command(help=N_("Serve the kiosks until SIGTERM. Browsers sign only over HTTPS, or on this machine itself."))
@click.option("--host", cls=Option, default="127.0.0.1", show_default=True)
@click.option("--port", cls=Option, type=click.IntRange(1, 65_535), default=8460, show_default=True)
@click.option("--certificate", cls=Option, type=click.Path(exists=True, dir_okay=False), help=N_("For HTTPS, PEM."))
@click.option("--key", cls=Option, type=click.Path(exists=True, dir_okay=False), help=N_("Of the certificate, PEM."))
@pass_invocation
def serve(invocation: Invocation, host: str, port: int, certificate: str | None, key: str | None) -> None:
    from pathlib import Path

    from national_sync.errors import UsageError
    from national_sync.web.serving import serve as run

    if (certificate is None) != (key is None):
        raise UsageError(N_("--certificate and --key belong together."))
    if certificate is None and host not in _LOOPBACK:
        raise UsageError(
            N_("Without a certificate the kiosk serves this machine only."),
            hint=N_("Give --certificate and --key, or let a proxy with HTTPS stand before 127.0.0.1."),
        )
    bootstrap = invocation.open()
    scheme = "https" if certificate else "http"
    click.echo(_(N_("Kiosk at {address}"), address=f"{scheme}://{host}:{port}/"), err=True)
    run(
        bootstrap,
        host,
        port,
        certificate=Path(certificate) if certificate else None,
        key=Path(key) if key else None,
    )


@kiosk.command(help=N_("Serve a kiosk on the demo's database, with three people's cards on a printed sheet."))
@click.option("--directory", cls=Option, type=click.Path(file_okay=False), default="demo", show_default=True)
@click.option("--port", cls=Option, type=click.IntRange(1, 65_535), default=8460, show_default=True)
@pass_invocation
def demo(invocation: Invocation, directory: str, port: int) -> None:
    from pathlib import Path

    from national_sync.demo.kiosk import open_demo_kiosk
    from national_sync.web.serving import serve as run

    made = open_demo_kiosk(Path(directory))
    address = f"http://127.0.0.1:{port}/"
    facts = {
        "address": address,
        "sheet": str(made.sheet),
        "kiosk_code": made.kiosk_code,
        "till_code": made.till_code,
        "people": list(made.people),
    }
    invocation.answer(facts, lambda: _demo_in_words(facts))
    run(made.bootstrap, "127.0.0.1", port, certificate=None, key=None)


def _demo_in_words(facts: Mapping[str, Any]) -> str:
    from national_sync.prose.layout import SCREEN_WIDTH, wrapped

    people = "\n".join(
        _(N_("  {name}, {hours} hours, PIN {pin}"), **{name: person[name] for name in ("name", "hours", "pin")})
        for person in facts["people"]
    )
    steps = N_(
        "1. Print the cards: {sheet}\n2. Open {address} in Chromium, Chrome or Edge and type {kiosk_code}\n"
        "3. Scan a card, or copy the line below its drawing, and type its PIN\n"
        "A till: the same address in another browser profile, with {till_code}. Stop with Ctrl+C."
    )
    told = _(steps, **{name: facts[name] for name in ("sheet", "address", "kiosk_code", "till_code")})
    return "\n".join([people, *(part for line in told.splitlines() for part in wrapped(line, SCREEN_WIDTH - 2))])


# Devices


@kiosk.group(cls=Group, help=N_("The screens and tills that are admitted."))
def device() -> None:
    pass


@device.command(help=N_("Admit a device: prints a code for it that is good once, for ten minutes."))
@click.argument("name")
@click.option("--kind", cls=Option, type=click.Choice(["kiosk", "till"]), default="kiosk", show_default=True)
@outlet_option
@pass_invocation
def add(invocation: Invocation, name: str, kind: str, outlet: int | None) -> None:
    from national_sync.web.devices import DeviceKind, add_device

    with at_counter(invocation, "kiosk_device.added", kind=kind, outlet=outlet) as counter:
        row, code = add_device(
            counter.connection,
            invocation.open().sealer(),
            name=name,
            kind=DeviceKind(kind),
            outlet_id=outlet,
            actor=counter.actor,
            now=counter.now,
        )
    _tell_code(invocation, row["id"], code)


@device.command(
    help=N_("Give a device a new key: prints a one-time code. The old key counts until the new one is there.")
)
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def roll(invocation: Invocation, number: int) -> None:
    from national_sync.web.devices import roll_device

    with at_counter(invocation, "kiosk_device.rolled", id=number) as counter:
        code = roll_device(counter.connection, invocation.open().sealer(), number, now=counter.now)
    _tell_code(invocation, number, code)


def _tell_code(invocation: Invocation, number: int, code: str) -> None:
    def in_words() -> str:
        words = N_(
            "Device {id}: open the kiosk's address on it and type {code} within ten minutes. The code works once."
        )
        return f"{_terminal_drawing(code)}\n{_(words, id=number, code=code)}"

    invocation.answer({"device": {"id": number, "code": code}}, in_words)


def _terminal_drawing(text: str) -> str:
    """A QR code of half blocks."""
    import io

    import segno

    drawn = io.StringIO()
    segno.make_qr(text, error="l").terminal(drawn, compact=True)
    return drawn.getvalue()


@device.command("list", help=N_("List the devices, and when each was seen last."))
@limit_option
@offset_option
@pass_invocation
def list_(invocation: Invocation, limit: int, offset: int) -> None:
    from national_sync.web.devices import list_devices

    with looking(invocation) as connection:
        rows = list_devices(connection, limit=limit, offset=offset)
    tell_rows(invocation, "devices", rows, ("id", "name", "kind", "outlet_id", "state", "seen_at"), limit=limit)


@device.command(help=N_("Give a device another name."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("name")
@pass_invocation
def rename(invocation: Invocation, number: int, name: str) -> None:
    from national_sync.web.devices import rename_device

    with at_counter(invocation, "kiosk_device.renamed", id=number) as counter:
        rename_device(counter.connection, number, name)
        _tell_device(invocation, counter, number)


@device.command(help=N_("Say that a device stands at another outlet; without --outlet, anywhere in the city."))
@click.argument("number", type=NUMBER, metavar="NO")
@outlet_option
@pass_invocation
def move(invocation: Invocation, number: int, outlet: int | None) -> None:
    from national_sync.web.devices import move_device

    with at_counter(invocation, "kiosk_device.moved", id=number, outlet=outlet) as counter:
        move_device(counter.connection, number, outlet)
        _tell_device(invocation, counter, number)


@device.command(help=N_("Refuse a device from now on, until it is resumed."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def suspend(invocation: Invocation, number: int) -> None:
    from national_sync.web.devices import suspend_device

    with at_counter(invocation, "kiosk_device.suspended", id=number) as counter:
        suspend_device(counter.connection, number)
        _tell_device(invocation, counter, number)


@device.command(help=N_("Let a suspended device work again."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def resume(invocation: Invocation, number: int) -> None:
    from national_sync.web.devices import resume_device

    with at_counter(invocation, "kiosk_device.resumed", id=number) as counter:
        resume_device(counter.connection, number)
        _tell_device(invocation, counter, number)


@device.command(help=N_("Refuse a device for good: it is lost, or not ours any more."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def revoke(invocation: Invocation, number: int) -> None:
    from national_sync.web.devices import revoke_device

    with at_counter(invocation, "kiosk_device.revoked", id=number) as counter:
        revoke_device(counter.connection, number)
        _tell_device(invocation, counter, number)


@device.command(help=N_("Admit the ID-card reader beside a kiosk: prints the key for its helper, this once."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def reader(invocation: Invocation, number: int) -> None:
    from national_sync.web.devices import show_device
    from national_sync.web.readers import admit_reader

    with at_counter(invocation, "kiosk_device.reader_admitted", id=number) as counter:
        key = admit_reader(counter.connection, invocation.open().sealer(), number)
        named = show_device(counter.connection, number)["device"]
    words = N_("Device {id} has a reader. Name for its helper: {device}\nKey: {key}")
    invocation.answer(
        {"reader": {"id": number, "device": named, "key": key}},
        lambda: _(words, id=number, device=named, key=key),
    )


def _tell_device(invocation: Invocation, counter: Counter, number: int) -> None:
    from national_sync.web.devices import show_device

    tell(invocation, "device", show_device(counter.connection, number), N_("Device {id}, {name}: {state}."))


# Cards


@kiosk.group(cls=Group, help=N_("The cards with which volunteers come to a kiosk."))
def card() -> None:
    pass


@card.command(help=N_("Give a volunteer a card and a PIN; earlier cards end. Both are shown this once."))
@click.argument("volunteer", type=NUMBER)
@pass_invocation
def issue(invocation: Invocation, volunteer: int) -> None:
    from national_sync.web.cards import issue_card

    with at_counter(invocation, "kiosk_card.issued", id=volunteer) as counter:
        made = issue_card(
            counter.connection, invocation.open().sealer(), volunteer, actor=counter.actor, now=counter.now
        )

    def in_words() -> str:
        words = N_("Card {id}. Code: {code}\nPIN: {pin} (hand it over apart from the card)")
        drawing = _terminal_drawing(made.code)
        return f"{drawing}\n{_(words, id=made.card_id, code=made.code, pin=made.pin)}"

    invocation.answer({"card": {"id": made.card_id, "code": made.code, "pin": made.pin}}, in_words)


@card.command(help=N_("Give a card another PIN; a locked one is open again."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def pin(invocation: Invocation, number: int) -> None:
    from national_sync.web.cards import new_pin

    with at_counter(invocation, "kiosk_card.pin_set", id=number) as counter:
        made = new_pin(counter.connection, invocation.open().sealer(), number)
    words = N_("Card {id}: the PIN is {pin}.")
    invocation.answer({"card": {"id": number, "pin": made}}, lambda: _(words, id=number, pin=made))


@card.command("revoke", help=N_("End the cards of a volunteer: lost, or not wanted any more."))
@click.argument("volunteer", type=NUMBER)
@pass_invocation
def revoke_cards(invocation: Invocation, volunteer: int) -> None:
    from national_sync.web.cards import revoke_cards as end

    with at_counter(invocation, "kiosk_card.revoked", id=volunteer) as counter:
        ended = end(counter.connection, volunteer)
    words = N_("{count} cards of volunteer {id} are worth nothing from now on.")
    invocation.answer({"revoked": ended}, lambda: _(words, count=ended, id=volunteer))


@card.command(help=N_("Make the short-lived code that the platform shows on a volunteer's phone."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def code(invocation: Invocation, number: int) -> None:
    from national_sync.web.cards import shown_code

    with at_counter(invocation, "kiosk_card.code_shown", id=number) as counter:
        made = shown_code(counter.connection, invocation.open().sealer(), number, counter.now)
    invocation.answer({"card": {"id": number, "code": made}}, lambda: f"{_terminal_drawing(made)}\n{made}")
