"""A disk that forgets: an SQLite VFS under which only what was synced survives the power cut.

Each file lives twice: as the program sees it, and as it would be found after a power cut. A write reaches the second
picture when the file is synced. `cut` writes that second picture elsewhere; of what was written and not synced it keeps
nothing, or a random part, as disks do. The VFS borrows everything but open, write, truncate and sync from SQLite's own.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import ctypes.util
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

NAME: Final = "forgetful"
_METHODS: Final = 19
"""Pointers in sqlite3_io_methods, its version first."""
_WRITE, _TRUNCATE, _SYNC = 3, 4, 5
_VFS_BYTES: Final = 168
_NAME_AT, _OPEN_AT = 24, 40

_Open = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_Write = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_Truncate = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Offset and bytes; None is a truncation to that length."""

    def sync(self) -> None:
        _apply(self.durable, self.pending)
        self.pending.clear()


def _apply(image: bytearray, writes: list[tuple[int, bytes | None]]) -> None:
    for offset, content in writes:
        if content is None:
            del image[offset:]
            continue
        if len(image) < offset:
            image.extend(bytes(offset - len(image)))
        image[offset : offset + len(content)] = content


class ForgetfulDisk:
    """Register once a process; raises OSError where Python's SQLite is not a shared library."""

    def __init__(self) -> None:
        library = _library_of_python()
        library.sqlite3_vfs_find.restype = ctypes.c_void_p
        self._original = library.sqlite3_vfs_find(None)
        self._files: dict[str, _File] = {}
        self._by_handle: dict[int, _File] = {}
        self._alive: list[Any] = []
        """What C code points at must not be collected."""
        self._tables: dict[int, tuple[int, Any, Any, Any]] = {}
        self._vfs = ctypes.create_string_buffer(ctypes.string_at(self._original, _VFS_BYTES), _VFS_BYTES)
        self._own_open = _Open(ctypes.c_void_p.from_address(self._original + _OPEN_AT).value or 0)
        self._put(_NAME_AT, self._keep(ctypes.c_char_p(NAME.encode())))
        self._put(_OPEN_AT, self._keep(_Open(self._open)))
        if library.sqlite3_vfs_register(self._vfs, 0):
            raise OSError("SQLite takes no other VFS")

    def watch(self, path: Path) -> None:
        """A database that lies on the disk already."""
        self._files[str(path)] = _File(bytearray(path.read_bytes()))

    def cut(self, path: Path, into: Path, dice: random.Random | None = None) -> None:
        """Write what the power cut leaves of the database and its log; with dice, also a part of what was not synced."""
        for suffix in ("", "-wal"):
            file = self._files.get(f"{path}{suffix}", _File())
            image = bytearray(file.durable)
            if dice is not None:
                _apply(image, [write for write in file.pending if dice.random() < 0.5])
            Path(f"{into}{suffix}").write_bytes(bytes(image))

    # What SQLite calls

    def _open(self, _vfs: int, name: int | None, handle: int, flags: int, out: int | None) -> int:
        # The name is passed on as a pointer: SQLite keeps it, and finds the parameters of an address behind it.
        result = self._own_open(self._original, name, handle, flags, out)
        if result == 0 and name is not None:
            path = ctypes.string_at(name).decode()
            self._by_handle[handle] = self._files.setdefault(path, _File())
            methods = ctypes.c_void_p.from_address(handle)
            methods.value = self._watching(methods.value or 0)
        return result

    def _watching(self, methods: int) -> int:
        """The methods of an open file, three of them ours; made once for each set that SQLite has."""
        if methods not in self._tables:
            table = (ctypes.c_void_p * _METHODS)()
            ctypes.memmove(table, methods, ctypes.sizeof(table))
            write, truncate, sync = _Write(table[_WRITE]), _Truncate(table[_TRUNCATE]), _Sync(table[_SYNC])
            table[_WRITE] = self._keep(_Write(self._writing(write)))
            table[_TRUNCATE] = self._keep(_Truncate(self._truncating(truncate)))
            table[_SYNC] = self._keep(_Sync(self._syncing(sync)))
            self._tables[methods] = (self._keep(table), write, truncate, sync)
        return self._tables[methods][0]

    def _writing(self, original: Any) -> Callable[[int, int, int, int], int]:
        def write(handle: int, content: int, length: int, offset: int) -> int:
            self._by_handle[handle].pending.append((offset, ctypes.string_at(content, length)))
            return int(original(handle, content, length, offset))

        return write

    def _truncating(self, original: Any) -> Callable[[int, int], int]:
        def truncate(handle: int, length: int) -> int:
            self._by_handle[handle].pending.append((length, None))
            return int(original(handle, length))

        return truncate

    def _syncing(self, original: Any) -> Callable[[int, int], int]:
        def sync(handle: int, flags: int) -> int:
            self._by_handle[handle].sync()
            return int(original(handle, flags))

        return sync

    def _keep(self, thing: Any) -> int:
        self._alive.append(thing)
        address = ctypes.cast(thing, ctypes.c_void_p).value
        assert address is not None
        return address

    def _put(self, offset: int, address: int) -> None:
        ctypes.c_void_p.from_buffer(self._vfs, offset).value = address


def _library_of_python() -> ctypes.CDLL:
    """The very library that Python's sqlite3 module has loaded."""
    module = ctypes.CDLL(_sqlite3.__file__)
    try:
        module.sqlite3_vfs_find  # noqa: B018 - the symbol is found through the module or not at all
    except AttributeError as error:
        raise OSError("Python's SQLite cannot be reached") from error
    return module
