# SPDX-License-Identifier: MIT
"""What machine this is, and how quiet it is."""

import os
import platform
import re
import subprocess


def _first_line(*command):
    try:
        out = subprocess.run(command, capture_output=True, text=True,
                             check=True).stdout
        return out.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "?"


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _cpu():
    info = _read("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", info, re.M)
    virtual = ", virtual" if re.search(r"^flags.*\bhypervisor\b", info,
                                       re.M) else ""
    name = found.group(1) if found else platform.machine()
    return f"{name}, {len(os.sched_getaffinity(0))} CPUs{virtual}"


def _cached(build, key):
    found = re.search(rf"^{key}:\w+=(.*)$",
                      _read(os.path.join(build, "CMakeCache.txt")), re.M)
    return found.group(1) if found else "?"


def describe(build):
    """Lines about the machine and the build."""
    flags = _cached(build, "CMAKE_C_FLAGS_RELEASE")
    return {
        "CPU": _cpu(),
        "kernel": f"{platform.system()} {platform.release()}",
        "C": _first_line(_cached(build, "CMAKE_C_COMPILER"), "--version"),
        "C++": _first_line(_cached(build, "CMAKE_CXX_COMPILER"), "--version"),
        "flags": flags,
        "libc": " ".join(platform.libc_ver()),
        "commit": _first_line("git", "describe", "--always", "--dirty"),
    }


def load():
    """Runnable threads, averaged over the last minute."""
    return os.getloadavg()[0]


def ticks():
    """(stolen by the hypervisor, in all), since the machine started."""
    fields = [int(x) for x in _read("/proc/stat").split("\n")[0].split()[1:9]]
    return (fields[7], sum(fields)) if len(fields) == 8 else (0, 0)


def since(before):
    """A line about what was stolen since then."""
    stolen, total = (b - a for a, b in zip(before, ticks()))
    if total <= 0:
        return {}
    return {"stolen by the hypervisor": f"{stolen / total:.1%} of the time"}
