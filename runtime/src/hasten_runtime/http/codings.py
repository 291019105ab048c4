"""
The codings that can be made here: gzip always, brotli and Zstandard where the application's environment has them, or
where they lie ready beside it (`hasten_runtime.accelerators`).

Nothing is installed for them, and a module that cannot be imported is a coding that is not offered.
"""

import importlib
import zlib
from typing import Any, Callable, Protocol

from hasten_runtime import accelerators
from hasten_runtime.once import reason_of, say_once


class Packer(Protocol):
    """
    A compressor that is fed piece by piece.
    """

    def pack(self, data: bytes) -> bytes:
        """
        What can be sent once `data` has come; all of it can be read by the client.
        """

    def end(self) -> bytes:
        """
        The rest.
        """


class _Gzip:
    def __init__(self, level: int) -> None:
        self._made = zlib.compressobj(level, zlib.DEFLATED, 31)

    def pack(self, data: bytes) -> bytes:
        return self._made.compress(data) + self._made.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._made.flush()


class _Brotli:
    def __init__(self, module: Any, level: int) -> None:
        self._made = module.Compressor(quality=level)

    def pack(self, data: bytes) -> bytes:
        return bytes(self._made.process(data)) + bytes(self._made.flush())

    def end(self) -> bytes:
        return bytes(self._made.finish())


class _Zstandard:
    def __init__(self, module: Any, level: int) -> None:
        # RFC 9659: no window above 8 MiB, which none of these levels has.
        self._made = module.ZstdCompressor(level=level).compressobj()
        self._flush = module.COMPRESSOBJ_FLUSH_BLOCK

    def pack(self, data: bytes) -> bytes:
        return bytes(self._made.compress(data)) + bytes(self._made.flush(self._flush))

    def end(self) -> bytes:
        return bytes(self._made.flush())


def _brotli() -> Callable[[int], Packer]:
    module = _imported("brotli", "_brotli")
    return lambda level: _Brotli(module, level)


def _zstandard() -> Callable[[int], Packer]:
    module = _imported("zstandard", "backend_c")
    return lambda level: _Zstandard(module, level)


def _imported(name: str, compiled: str) -> Any:
    """
    The application's own module, else the compiled part of one that lies ready.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        return accelerators.load(compiled)


_MAKERS: dict[str, Callable[[], Callable[[int], Packer]]] = {
    "gzip": lambda: _Gzip,
    "br": _brotli,
    "zstd": _zstandard,
}
_found: dict[str, Callable[[int], Packer]] = {}
_PROBE = b"hasten " * 64


def available(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """
    The wanted codings that work here, in the wanted order.
    """
    return tuple(coding for coding in wanted if _works(coding))


def _works(coding: str) -> bool:
    maker = _MAKERS.get(coding)
    if coding in _found or maker is None:
        # Asked in this order, also by a thread that comes while another one tries it.
        return coding in _found
    try:
        make = maker()
        # Tried once, wholly: a module of that name and another kind is found out before it sees an answer.
        packer = make(1)
        if not packer.pack(_PROBE) + packer.end():
            return False
        _found[coding] = make
    except ImportError:
        return False
    except Exception as error:
        say_once("coding " + coding, coding + " is not offered: " + reason_of(error))
        return False
    finally:
        _MAKERS.pop(coding, None)
    return True


def packer(coding: str, level: int) -> Packer:
    """
    A fresh compressor of an available coding; levels 1 to 9 mean the same trade in each of them.
    """
    return _found[coding](level)


def packed(coding: str, level: int, body: bytes) -> bytes:
    """
    The whole body, coded.
    """
    if coding == "gzip":
        made = zlib.compressobj(level, zlib.DEFLATED, 31)
        return made.compress(body) + made.flush()
    one = packer(coding, level)
    return one.pack(body) + one.end()
