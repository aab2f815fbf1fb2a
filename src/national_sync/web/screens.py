"""The touch page: one screen a task, made on the server. The browser holds a key and, while somebody is there, a token."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from national_sync.clock import local_text
from national_sync.errors import PageOutdated, PlaceUnknown, RequestMalformed
from national_sync.exchange.outcomes import sentence
from national_sync.i18n import _, speaking
from national_sync.printing.codes import qr_code
from national_sync.prose.amounts import hours
from national_sync.web import cards, readers, verifying
from national_sync.web.asking import TheAddress, TheDesk, TheDevice, ThePublicKey, TheVisit
from national_sync.web.devices import DeviceKind
from national_sync.web.problems import problem_of
from national_sync.web.sessions import Visit
from national_sync.web.version import VERSION
from national_sync.web.vouchers import good_vouchers
from national_sync.web.wording import word

PAGE_HEADER: Final = "Kiosk-Page"
"""The version of the page that asks."""
SESSION_HEADER: Final = "Kiosk-Session"
_HERE: Final = Path(__file__).parent
_ASSETS: Final = {
    "kiosk.js": "text/javascript",
    "kiosk.css": "text/css",
    "htmx-4.0.1.min.js": "text/javascript",
    "htmx-LICENSE.txt": "text/plain",
    "kiosk-sans.woff2": "font/woff2",
    "kiosk-sans-more.woff2": "font/woff2",
    "kiosk-sans-LICENSE.txt": "text/plain",
    "reference.css": "text/css",
}
_MOST_FIELDS: Final = 10
_OF_A_VISIT: Final = {
    f"/screen/{name}" for name in ("home", "lines", "vouchers", "offers", "hold", "confirm", "release")
}
_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_environment.globals.update(t=word, hours=hours, moment=lambda at: local_text(at)[:16], sentence=sentence)

pages = APIRouter(include_in_schema=False)


async def _is_current(request: Request, _device: TheDevice) -> None:
    """An old page gets no screens that it may not understand: it is told to load itself anew. Raises PageOutdated."""
    if request.headers.get(PAGE_HEADER, VERSION) != VERSION:
        raise PageOutdated()


screens = APIRouter(prefix="/screen", include_in_schema=False, dependencies=[Depends(_is_current)])


def _screen(name: str, **facts: Any) -> HTMLResponse:
    return HTMLResponse(_environment.get_template(f"{name}.html").render(**facts))


def problem_screen(error: BaseException, path: str) -> str:
    problem = problem_of(error)
    is_over = problem["status"] in (401, 403) or path not in _OF_A_VISIT
    return _environment.get_template("problem.html").render(
        problem=problem, is_over=is_over, is_outdated=isinstance(error, PageOutdated)
    )


@pages.get("/")
def shell() -> HTMLResponse:
    """The page around the screens, Chinese first; it holds nobody's data."""
    with speaking("zh"):
        return _screen("page", version=VERSION, language="zh-CN")


@pages.get("/en")
def english_shell() -> HTMLResponse:
    with speaking("en"):
        return _screen("page", version=VERSION, language="en")


@pages.get("/assets/{name}")
def asset(name: str) -> Response:
    kind = _ASSETS.get(name)
    if kind is None or not (_HERE / "assets" / name).is_file():
        raise PlaceUnknown()
    return FileResponse(_HERE / "assets" / name, media_type=kind, headers={"Cache-Control": "public, max-age=3600"})


async def _fields(request: Request) -> dict[str, str]:
    """What a form says. Raises RequestMalformed."""
    try:
        return dict(
            parse_qsl((await request.body()).decode("utf-8"), strict_parsing=False, max_num_fields=_MOST_FIELDS)
        )
    except ValueError as error:
        raise RequestMalformed() from error


Fields = Annotated[dict[str, str], Depends(_fields)]


@screens.post("/card")
def card(
    device: TheDevice, desk: TheDesk, address: TheAddress, public_key: ThePublicKey, fields: Fields
) -> HTMLResponse:
    """A printed card asks for its PIN, whether it exists or not; a fresh code is enough. A certificate is verified."""
    code = fields.get("code", "").strip()
    if code.startswith(verifying.PREFIX):
        return verify(device, desk, public_key, fields)
    if cards.asks_for_pin(code):
        return _screen("pin", code=code)
    if readers.is_id_number(code) and desk.looks.look_here(lambda book: readers.has_reader(book, device)):
        return _screen("pin", code=readers.code_of(desk.sealer, code, desk.now))
    return _welcomed(desk, *desk.identify(device, address, code, ""))


@screens.post("/pin")
def pin(device: TheDevice, desk: TheDesk, address: TheAddress, fields: Fields) -> HTMLResponse:
    return _welcomed(desk, *desk.identify(device, address, fields.get("code", ""), fields.get("pin", "")))


@screens.post("/reading")
def reading(device: TheDevice, desk: TheDesk) -> Response:
    """What the ID-card reader beside this kiosk has read meanwhile, if anything."""
    code = None
    if desk.looks.look_here(lambda book: readers.is_waiting(book, device)):
        code = desk.ledger.run(lambda book, now: readers.take(book, desk.sealer, device, int(now)))
    return _screen("pin", code=code) if code else Response(status_code=204)


def _welcomed(desk: TheDesk, token: str, visit: Visit) -> HTMLResponse:
    answer = _screen("home", standing=desk.standing(visit))
    answer.headers[SESSION_HEADER] = token
    return answer


@screens.post("/home")
def home(visit: TheVisit, desk: TheDesk) -> HTMLResponse:
    return _screen("home", standing=desk.standing(visit))


@screens.post("/lines")
def lines(visit: TheVisit, desk: TheDesk) -> HTMLResponse:
    return _screen("lines", standing=desk.standing(visit))


@screens.post("/vouchers")
def vouchers(visit: TheVisit, desk: TheDesk) -> HTMLResponse:
    """What the person still has to collect, to be shown or printed again."""
    good = [(one, Markup(qr_code(one.code))) for one in good_vouchers(desk, visit)]
    return _screen("vouchers", vouchers=good)


@screens.post("/offers")
def offers(visit: TheVisit, desk: TheDesk) -> HTMLResponse:
    """Each offer carries the key of this wish, so that a double tap is one hold."""
    choices = [(choice, secrets.token_urlsafe(16)) for choice in desk.choices(visit)]
    return _screen("offers", choices=choices, standing=desk.standing(visit))


@screens.post("/hold")
def hold(visit: TheVisit, desk: TheDesk, fields: Fields) -> HTMLResponse:
    return _screen("hold", held=desk.hold(visit, fields.get("offer", ""), 1, fields.get("key", "")[:100]))


@screens.post("/confirm")
def confirm(visit: TheVisit, desk: TheDesk, fields: Fields) -> HTMLResponse:
    voucher = desk.confirm(visit, fields.get("hold", ""))
    return _screen("voucher", voucher=voucher, drawing=Markup(qr_code(voucher.code)))


@screens.post("/release")
def release(visit: TheVisit, desk: TheDesk, fields: Fields) -> HTMLResponse:
    desk.release(visit, fields.get("hold", ""))
    return home(visit, desk)


@screens.post("/stay")
def stay(_visit: TheVisit) -> Response:
    """Somebody has touched the screen."""
    return Response(status_code=204)


@screens.post("/leave")
def leave(device: TheDevice, desk: TheDesk) -> HTMLResponse:
    desk.sign_out(device)
    if device.kind is DeviceKind.TILL:
        return _screen("till")
    return _screen("start", has_reader=desk.looks.look_here(lambda book: readers.has_reader(book, device)))


# Papers


@screens.post("/papers")
def papers(_device: TheDevice) -> HTMLResponse:
    return _screen("papers")


@screens.post("/verify")
def verify(device: TheDevice, desk: TheDesk, public_key: ThePublicKey, fields: Fields) -> HTMLResponse:
    found = verifying.verified_at(desk, device, fields.get("code", ""), public_key)
    return _screen(
        "verified",
        found=found,
        kind=_(verifying.KINDS[found.kind]),
        certified=verifying.certified_in_words(found),
        words=_(verifying.SENTENCES[found.counts]),
    )


# A merchant's till


@screens.post("/voucher")
def voucher(device: TheDevice, desk: TheDesk, public_key: ThePublicKey, fields: Fields) -> HTMLResponse:
    """What a voucher is for; the key of this handing over goes with it, so that a double tap is one. Papers are verified."""
    code = fields.get("code", "").strip()
    if code.startswith(verifying.PREFIX):
        return verify(device, desk, public_key, fields)
    return _screen("collect", found=desk.check_voucher(device, code), code=code, key=secrets.token_urlsafe(16))


@screens.post("/collect")
def collect(device: TheDevice, desk: TheDesk, fields: Fields) -> HTMLResponse:
    title, seconds = desk.collect(device, fields.get("code", ""), fields.get("key", "")[:100])
    return _screen("collected", title=title, seconds=seconds)
