# SPDX-License-Identifier: MIT
"""Usage: tree_digest.py DIR

The digest of docs/examples/tree.c, computed from its description and not
from its code: for tree.sh. Exits 77 without the shared library of xxHash."""
import ctypes
import os
import stat
import sys


class Hash(ctypes.Structure):
    """XXH128_hash_t."""
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def load():
    """XXH3_128bits() of libxxhash."""
    try:
        function = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    except (OSError, AttributeError) as problem:
        print(problem)
        sys.exit(77)
    function.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    function.restype = Hash
    return function


def xxh3(function, data):
    """The hash of some bytes, as a number."""
    result = function(data, len(data))
    return result.high << 64 | result.low


def main():
    root, function, total = os.fsencode(sys.argv[1]), load(), 0
    for folder, _, names in os.walk(root):
        for path in (os.path.join(folder, name) for name in names):
            if stat.S_ISREG(os.lstat(path).st_mode) \
                    and os.access(path, os.R_OK):
                with open(path, "rb") as file:
                    data = file.read()
                total += xxh3(function, path[len(root):] + b"\0"
                              + len(data).to_bytes(8, "little")
                              + xxh3(function, data).to_bytes(16, "big"))
    print(f"{total % 2 ** 128:032x}")


main()
