"""A PostgreSQL cluster of its own for tests: on a socket in its directory, as a user without rights, without fsync.

    postgres.py start|stop DIRECTORY
"""

import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import sys


class Cluster:
    """`directory` is short (a socket is in it), and made new by start()."""

    def __init__(self, directory, *settings):
        self.directory = pathlib.Path(directory)
        self.settings = settings
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not programs:
            raise FileNotFoundError("PostgreSQL is not installed: deploy/packages.sh test")
        self.programs = pathlib.Path(programs[-1])

    def uri(self, database, user="postgres", **options):
        query = "".join(f"&{key}={value}" for key, value in options.items())
        return f"postgresql://{user}@/{database}?host={self.directory}{query}"

    def run(self, program, *arguments, check=True):
        command = [str(self.programs / program), *map(str, arguments)]
        if os.geteuid() == 0:  # PostgreSQL refuses root
            user = pwd.getpwnam("postgres")
            command = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]
        return subprocess.run(command, check=check, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)

    def start(self):
        self.remove()
        self.directory.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        self.run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                 "-D", self.directory / "data")
        with open(self.directory / "data" / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in (
                f"unix_socket_directories = '{self.directory}'", "listen_addresses = ''", "fsync = off",
                "shared_buffers = 64MB", "autovacuum = off", *self.settings)))
        self.start_again()

    def start_again(self):
        # Its log is a file: a pipe of ours would stay open with it.
        self.run("pg_ctl", "-D", self.directory / "data", "-l", self.directory / "log", "-w", "-t", "60", "start")

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", self.directory / "data", "-m", mode, "-w", "stop", check=False)

    def remove(self):
        if self.directory.exists():
            self.stop()
            shutil.rmtree(self.directory)

    def psql(self, database, sql):
        """What a query gives, unaligned."""
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.uri(database), "-c", sql],
                              check=True, capture_output=True, text=True, timeout=60).stdout.strip()


if __name__ == "__main__":
    cluster = Cluster(sys.argv[2])
    if sys.argv[1] == "start":
        cluster.start()
    else:
        cluster.remove()
