#!/usr/bin/python3
"""The rules of this tree that no compiler holds. Prints each breach as path:line: what; exit 1 where there is one."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP = {"proto", "gateway", "dcom_bridge", "deploy", "tests", "Dockerfile", "CMakeLists.txt", "CMakePresets.json",
       "README.md", "LICENSE", "build"}
# Headers of packages that belong to few folders: system headers are visible to all, so the compiler does not say no.
HEAVY = {
    "boost/": ("dcom_bridge/net/", "gateway/web/"),
    "grpcpp/": ("gateway/grpc_api/", "gateway/ctl/"),
    "sqlite3.h": ("dcom_bridge/ipam/", "gateway/hub/"),
    "libxml/": ("dcom_bridge/model/",),
    "nettle/": ("dcom_bridge/auth/",),
    "curl/": ("dcom_bridge/ipam/http/",),
}
breaches = []


def breach(path, line, what):
    breaches.append(f"{path.relative_to(ROOT)}:{line}: {what}")


def tracked():
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()]


def check_source(path, text):
    name = str(path.relative_to(ROOT))
    lines = text.splitlines()
    limit = 800 if name.startswith("tests/") else 600
    if len(lines) > limit:
        breach(path, limit, f"{len(lines)} lines, at most {limit}")
    for number, line in enumerate(lines, 1):
        include = re.match(r'\s*#include ["<]([^">]+)[">]', line)
        if include:
            header = include.group(1)
            if header.startswith("../"):
                breach(path, number, "an include that climbs hides a dependency: name it from the top of the tree")
            for prefix, folders in HEAVY.items():
                if header.startswith(prefix) and not name.startswith(folders) and not name.startswith("tests/"):
                    breach(path, number, f"{header} belongs to {', '.join(folders)}")
        # g++ 12 destroys these temporaries twice; name them first (asio#858).
        if re.search(r"co_await\s+co_spawn\([^;]*\[[^\]]*=", line) or re.search(r"co_await\s+\w+\(\{\.", line):
            breach(path, number, "a capturing lambda or an aggregate in one expression with co_await")
        if re.search(r"co_spawn\(.*\bdetached\b", line):
            breach(path, number, "detached: give a handler that logs")


def check_layers():
    for family in ("dcom_bridge", "gateway"):
        for folder in sorted((ROOT / family).iterdir()):
            if not folder.is_dir():
                continue
            readme = folder / "README.md"
            if not readme.exists():
                breach(folder / "CMakeLists.txt", 1, "the layer has no README.md")
            elif len(readme.read_text().splitlines()) > 25:
                breach(readme, 26, "more than 25 lines")


def run(what, command, paths):
    tool = shutil.which(command[0])
    if not tool:
        print(f"{command[0]} is not installed: {what} is not checked")
        return
    result = subprocess.run([tool, *command[1:], *map(str, paths)], capture_output=True, text=True)
    if result.returncode != 0:
        breaches.append((result.stdout + result.stderr).strip()[:4000])


def main():
    files = tracked()
    for path in {p.relative_to(ROOT).parts[0] for p in files}:
        if path not in TOP and not path.startswith("."):
            breach(ROOT / path, 1, "nothing else belongs at the top")
    sources = [p for p in files if p.suffix in (".cc", ".h")]
    for path in sources:
        check_source(path, path.read_text())
    check_layers()
    run("the format", ["clang-format", "--dry-run", "--Werror"], sources)
    run("shell", ["shellcheck"], [p for p in files if p.suffix == ".sh" or p.name == "run"])
    run("YAML", ["yamllint", "-d", "{extends: relaxed, rules: {line-length: disable}}"],
        [p for p in files if p.suffix in (".yaml", ".yml")])
    print("\n".join(breaches) or f"{len(files)} files are in order")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
