"""A connector's settings: where each comes from, and what is wrong with what was given. No error shows a secret."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..connectors.base import Connector, Setting
from ..errors import UnderstudyError

SERVICE = "understudy"
"""The keyring's service; the name is `<connector>/<setting>`."""


@dataclass(frozen=True, slots=True)
class Given:
    """Every setting of a connector with its value."""

    values: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """The values that must not be shown."""
    sources: Mapping[str, str]
    """Where each comes from: `given`, a variable's name, `keyring`, `default`."""


def variable(connector: type[Connector], setting: Setting) -> str:
    """The environment's name for a setting: UNDERSTUDY_<CONNECTOR>_<NAME>."""
    return f"UNDERSTUDY_{connector.name}_{setting.name}".upper().replace("-", "_")


def find_settings(
    connector: type[Connector],
    given: Mapping[str, str],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    keyring: Callable[[str], str | None] | None = None,
) -> Given:
    """Each setting's value: from `given`, else the environment, else the keyring (secrets only), else its default.

    folder: what `{dir}` in a default stands for. keyring: name -> secret, the system's keyring where None.
    Raises UnderstudyError for a name that the connector does not have, and for a setting without a value.
    """
    variables = os.environ if environment is None else environment
    ask = keyring or of_keyring
    names = {s.name for s in connector.settings}
    for name in given:
        if name not in names:
            expected = f"one of {', '.join(sorted(names))}" if names else "no settings"
            raise UnderstudyError(f"no setting {name!r}", place=connector.name, expected=expected)
    values, sources = {}, {}
    for setting in connector.settings:
        env = variable(connector, setting)
        if setting.name in given:
            value, source = given[setting.name], "given"
        elif variables.get(env):
            value, source = variables[env], env
        elif setting.secret and (found := ask(f"{connector.name}/{setting.name}")):
            value, source = found, "keyring"
        elif setting.default is not None:
            value, source = setting.default.replace("{dir}", str(folder)), "default"
        else:
            raise _missing(connector, setting)
        values[setting.name], sources[setting.name] = _clean(connector, setting, value), source
    secret = tuple(values[s.name] for s in connector.settings if s.secret and values[s.name])
    return Given(values, secret, sources)


def refuse_secrets(connector: type[Connector], given: Mapping[str, str]) -> None:
    """Raises UnderstudyError where a secret was given on a command line, which shells keep and other users can list."""
    for setting in connector.settings:
        if setting.secret and setting.name in given:
            raise UnderstudyError(
                "a secret on the command line, which the shell keeps in its history and other users can see",
                place=f"--set {setting.name}", expected=f"it in the variable {variable(connector, setting)}, or in the "
                f"keyring: keyring set {SERVICE} {connector.name}/{setting.name}",
                remedy="think about renewing it",
            )  # fmt: skip


def of_keyring(name: str) -> str | None:
    """The secret of that name in the system's keyring; None without one, without a keyring, or without the extra."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(SERVICE, name)
    except (KeyringError, OSError, RuntimeError):  # locked, or no desktop session: as if it were empty
        return None


def _clean(connector: type[Connector], setting: Setting, value: str) -> str:
    """The value without the line end that files and copying leave. Raises UnderstudyError for control characters."""
    value = value.strip()
    if not value.isprintable():
        raise UnderstudyError(
            "a character that cannot be printed", place=f"{connector.name}, {setting.name}", expected="one line of text"
        )
    return value


def _missing(connector: type[Connector], setting: Setting) -> UnderstudyError:
    env = variable(connector, setting)
    if setting.secret:
        remedy = f"set {env}, or: keyring set {SERVICE} {connector.name}/{setting.name} (extra `keyring`)"
    else:
        remedy = f"--set {setting.name}=..., or set {env}"
    return UnderstudyError(
        f"{setting.name} is not given", place=connector.name, expected=setting.says.rstrip("."), remedy=remedy
    )
