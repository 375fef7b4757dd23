#!/usr/bin/python3
"""orpc_bench beside Samba's rpcd_epmapper in the same run; root, as tests/interop/rpc/samba_test.py."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../interop/rpc"))
import samba_test as samba_peer  # noqa: E402

BIN = os.environ.get("IPAM_BIN_DIR", os.path.join(HERE, "../../../build/release/bin"))


def workers(folder):
    """The processes of this Samba, of which one serves us; the others are idle."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                command = file.read()
        except OSError:  # it ended
            continue
        if folder.encode() in command:
            found.append(entry)
    return found


def main():
    samba = samba_peer.Samba()
    try:
        samba.wait()
        account = [samba_peer.HOST, str(samba_peer.PORT), samba_peer.DOMAIN, samba_peer.USER, samba_peer.PASSWORD]
        bench = os.path.join(BIN, "orpc_bench")
        # The worker starts with the first call.
        subprocess.run([bench, "--seconds=0.1", "--sessions=1", *account, str(samba.daemon.pid)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([bench, *sys.argv[1:], *account, *workers(samba.folder)], check=True)
    finally:
        samba.stop()


if __name__ == "__main__":
    main()
