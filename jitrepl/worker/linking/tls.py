"""Thread-local variables of shared libraries: where `__tls_get_addr` finds one in any thread."""

from __future__ import annotations

from jitrepl.worker.shared_libraries import libraries

_PT_TLS = 7  # <elf.h>


def tls_index(address: int) -> tuple[int, int] | None:
    """The module number and the offset of the thread-local variable that lies at an address in this thread.

    These two are a `tls_index`, which `__tls_get_addr` takes (ELF Handling For Thread-Local Storage, 3.4.2).

    Args:
        address: as `dlsym` gives it for a thread-local symbol.

    Returns:
        None if no library's TLS is there: the symbol is not thread-local.
    """
    for library in libraries():
        for segment in library.segments[: library.count]:
            if segment.type == _PT_TLS and library.block and library.block <= address < library.block + segment.size:
                return library.module, address - library.block
    return None
