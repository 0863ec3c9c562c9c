"""Writes FileZilla's queue, which it loads when it starts. Reads a JSON object on standard input."""

import json
import sqlite3
import sys

# The tables as FileZilla 3.63 makes them; it adds what later versions want.
SCHEMA = """
CREATE TABLE servers (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, host TEXT NOT NULL, port INTEGER, user TEXT,
  password TEXT, account TEXT, keyfile TEXT, protocol INTEGER, type INTEGER, logontype INTEGER,
  timezone_offset INTEGER, transfer_mode TEXT, max_connections INTEGER, encoding TEXT, bypass_proxy INTEGER,
  post_login_commands TEXT, name TEXT, parameters TEXT, site_path TEXT DEFAULT NULL);
CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, server INTEGER NOT NULL, source_file TEXT,
  target_file TEXT, local_path INTEGER, remote_path INTEGER, size INTEGER, error_count INTEGER, priority INTEGER,
  flags INTEGER, default_exists_action INTEGER, extra_flags TEXT);
CREATE INDEX server_index ON files (server);
CREATE TABLE local_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
CREATE TABLE remote_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
"""
UNIX = 1
ASK_FOR_NOTHING = 1
NORMAL_PRIORITY = 2
DOWNLOAD = 16
EXISTS = {"overwrite": 1, "resume": 5}
# Where a folder is to be made, the path on the other side.
NOWHERE = -1


def safe(remote):
    """A remote path in the form that is stored: the kind of server, no prefix, every name after its length."""
    return " ".join([str(UNIX), "0"] + [f"{len(name)} {name}" for name in remote])


def split(path):
    return [name for name in path.split("/") if name]


def main():
    asked = json.load(sys.stdin)
    database = sqlite3.connect(asked["file"])
    database.executescript(SCHEMA)

    def local(folder):
        return database.execute("INSERT INTO local_paths (path) VALUES (?)", (folder,)).lastrowid

    def remote(names):
        return database.execute("INSERT INTO remote_paths (path) VALUES (?)", (safe(names),)).lastrowid

    server = asked["server"]
    database.execute(
        "INSERT INTO servers (id, host, port, user, password, protocol, type, logontype, timezone_offset,"
        " transfer_mode, max_connections, encoding, bypass_proxy)"
        " VALUES (1, ?, ?, ?, ?, ?, 0, ?, 0, 'MODE_DEFAULT', 0, 'Auto', 0)",
        (server["host"], server["port"], server["user"], server["password"], server["protocol"], ASK_FOR_NOTHING),
    )
    for item in asked["items"]:
        download = item["direction"] == "download"
        here, there = item["local"], split(item["remote"])
        if item["size"] is None:
            name = None if download else there[-1]
            places = (local(here + "/"), NOWHERE) if download else (NOWHERE, remote(there))
        else:
            folder, _, base = here.rpartition("/")
            # The name on the other side is the same.
            assert base == there[-1], item
            name = base
            places = (local(folder + "/"), remote(there[:-1]))
        database.execute(
            "INSERT INTO files (server, source_file, local_path, remote_path, size, error_count, priority, flags,"
            " default_exists_action) VALUES (1, ?, ?, ?, ?, 0, ?, ?, ?)",
            (name, *places, item["size"], NORMAL_PRIORITY, DOWNLOAD if download else 0, EXISTS[item["exists"]]),
        )
    database.commit()


main()
