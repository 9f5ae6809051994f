"""Memory that is given back and asked for again: kept by the process, where the C library would return it each time.

Arrays of millions of numbers come and go by the hundred. GNU's allocator hands each large one back to the system at once, which clears every
page of the next one anew: of 300³ voxels that took a fifth of the time. Other systems' allocators do not.
"""

from __future__ import annotations

import ctypes
import os
import sys

#: Names in malloc.h: the free memory at the heap's end, and the size of a block, from which on it is given back at once.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: What the user may have said of it.
_VARIABLES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
#: Bytes of a block that is given back at once.
LARGE = 1 << 30


def keep_memory() -> bool:
    """Blocks of less than `LARGE` bytes are kept for the next of their kind until this process ends, unless the user told otherwise.

    Returns:
        whether that has been asked for: on Linux with GNU's C library.
    """
    if not sys.platform.startswith("linux") or any(name in os.environ for name in _VARIABLES):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return bool(mallopt(_TRIM_THRESHOLD, LARGE)) and bool(mallopt(_MMAP_THRESHOLD, LARGE))
