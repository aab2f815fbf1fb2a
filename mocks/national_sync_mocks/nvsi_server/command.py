"""`national-sync-mock`: the mock national server from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from national_sync_mocks.nvsi_server.capabilities import Settings

DEFAULT_APP_ID = "puer-platform"
DEFAULT_SECRET = "not-a-secret-for-the-mock-only"


@click.command(name="national-sync-mock")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, help="0: the system chooses; the address is printed.")
@click.option("--seed", default=1, show_default=True, help="Same seed and clock, same records.")
@click.option("--volunteers", default=200, show_default=True)
@click.option("--teams", default=12, show_default=True)
@click.option("--projects", default=30, show_default=True)
@click.option("--hours", default=1000, show_default=True, help="Hour records.")
@click.option("--faults", default=None, help="A fault script (JSON or TOML), or `every` for the one that comes along.")
@click.option("--capability", multiple=True, metavar="NAME=VALUE", help="Switch one thing; may be repeated.")
@click.option("--review-hours", type=float, default=None, help="How long reviews last by the mock's clock.")
@click.option("--app-id", default=DEFAULT_APP_ID, show_default=True)
@click.option("--secret", default=DEFAULT_SECRET, show_default=True)
@click.option(
    "--clock",
    default=None,
    help="Where the clock starts: `YYYY-MM-DD HH:mm:ss` Asia/Shanghai, or milliseconds.",
)
@click.option("--frozen", is_flag=True, help="The clock stands still until it is moved by the admin API.")
@click.option(
    "--certificate",
    nargs=2,
    type=click.Path(exists=True),
    default=None,
    help="TLS: certificate and key files.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Go on from this file where there is one, whatever the sizes, and write it when the server ends.",
)
@click.option("--until-stdin-closes", is_flag=True, help="Stop when standard input ends.")
def main(
    *,
    host: str,
    port: int,
    seed: int,
    volunteers: int,
    teams: int,
    projects: int,
    hours: int,
    faults: str | None,
    capability: tuple[str, ...],
    review_hours: float | None,
    app_id: str,
    secret: str,
    clock: str | None,
    frozen: bool,
    certificate: tuple[str, str] | None,
    state_file: Path | None,
    until_stdin_closes: bool,
) -> None:
    """Run the mock national volunteer service information system.

    Once it listens it prints one JSON line, {"address": "http://127.0.0.1:PORT"}. Its interface is
    described in docs/national-api/openapi.yaml.
    """
    from national_sync_mocks.nvsi_server.app import Application
    from national_sync_mocks.nvsi_server.generator import Sizes, generated_state
    from national_sync_mocks.nvsi_server.saved import load, save
    from national_sync_mocks.nvsi_server.server import listening_socket, serve
    from national_sync_mocks.nvsi_server.service import Service

    try:
        start = _clock(clock, frozen)
        if state_file is not None and state_file.exists():
            state = load(state_file, start)
        else:
            state = generated_state(seed, Sizes(volunteers, teams, projects, hours), start)
        state.settings = _settings(state.settings, capability, review_hours)
        state.faults = _script(faults, seed)
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from error
    service = Service(state, app_id, secret)
    try:
        listener = listening_socket(host, port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from error
    scheme = "https" if certificate else "http"
    shown_host = f"[{host}]" if ":" in host else host
    address = f"{scheme}://{shown_host}:{listener.getsockname()[1]}"
    serve(
        Application(service),
        listener,
        lambda: print(json.dumps({"address": address}), flush=True),
        until_stdin_closes=until_stdin_closes,
        certificate=certificate,
        stopped=lambda: save(service.state, state_file) if state_file is not None else None,
    )


def _settings(settings: Settings, capability: tuple[str, ...], review_hours: float | None) -> Settings:
    for pair in capability:
        name, separator, value = pair.partition("=")
        if not separator:
            raise ValueError(f"--capability wants NAME=VALUE, not {pair!r}")
        settings = settings.with_value(name, value)
    return settings if review_hours is None else settings.with_value("reviewHours", review_hours)


def _script(faults: str | None, seed: int) -> Any:
    from national_sync_mocks.nvsi_server.faults import FaultScript, every_fault, read_script

    if faults is None:
        return FaultScript(seed=seed)
    return FaultScript.of(every_fault() if faults == "every" else read_script(Path(faults)), seed)


def _clock(text: str | None, frozen: bool) -> Any:
    from national_sync_mocks.nvsi_server.admin import moment_ms
    from national_sync_mocks.nvsi_server.clock import Clock

    clock = Clock()
    if text is not None:
        clock.set_ms(moment_ms(text))
    if frozen:
        clock.freeze()
    return clock


if __name__ == "__main__":
    main()
