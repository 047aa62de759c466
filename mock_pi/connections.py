"""The open connections by client address, so that a fault can break one."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

#: SO_LINGER with no time to linger: closing sends RST instead of FIN.
_NO_LINGER = struct.pack("ii", 1, 0)


class Connections:
    """Who is connected."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """A client connected."""
        self._transports[transport.get_extra_info("peername")[:2]] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """A client is gone."""
        for address, one in list(self._transports.items()):
            if one is transport:
                del self._transports[address]

    def close(self, client: tuple[str, int]) -> None:
        """Ends a connection in good manners."""
        transport = self._transports.get(tuple(client))  # type: ignore[arg-type]
        if transport is not None:
            transport.close()

    def reset(self, client: tuple[str, int]) -> None:
        """Resets a connection."""
        transport = self._transports.get(tuple(client))  # type: ignore[arg-type]
        if transport is None:
            return
        connection: Any = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()


def protocol_class(connections: Connections) -> type[asyncio.Protocol]:
    """Uvicorn's HTTP protocol, with httptools where it is installed, that keeps book of its connections."""
    base: Any
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as base
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol as base

    class Protocol(base):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            self.kept_transport = transport
            connections.opened(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self.kept_transport)
            super().connection_lost(exc)

    return Protocol
