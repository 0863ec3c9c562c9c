"""Performs operations with paramiko: one JSON request a line on standard input, one JSON answer a line."""

import json
import os
import stat
import sys

import paramiko


def connect(where):
    client = paramiko.SSHClient()
    client.load_host_keys(where["knownHosts"])
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        where["host"],
        port=where["port"],
        username=where["user"],
        key_filename=where.get("key"),
        password=where.get("password"),
        look_for_keys=False,
        allow_agent=False,
    )
    return client


class Session:
    def __init__(self):
        self.client = None
        self.sftp = None

    def open(self, where):
        self.close()
        self.client = connect(where)
        self.sftp = self.client.open_sftp()

    def close(self):
        if self.client is not None:
            self.client.close()
            self.client = None

    def login(self, where, path):
        client = connect(where)
        try:
            client.open_sftp().listdir(path)
        finally:
            client.close()

    def put(self, local, remote):
        self.sftp.put(local, remote)
        info = os.stat(local)
        self.sftp.utime(remote, (int(info.st_mtime), int(info.st_mtime)))
        self.sftp.chmod(remote, stat.S_IMODE(info.st_mode))

    def get(self, remote, local):
        self.sftp.get(remote, local)
        info = self.sftp.stat(remote)
        os.utime(local, (info.st_mtime, info.st_mtime))
        os.chmod(local, stat.S_IMODE(info.st_mode))

    def putTree(self, local, remote):
        self.sftp.mkdir(remote)
        for name in sorted(os.listdir(local)):
            here, there = os.path.join(local, name), remote + "/" + name
            (self.putTree if os.path.isdir(here) else self.put)(here, there)

    def getTree(self, remote, local):
        os.mkdir(local)
        for info in self.sftp.listdir_attr(remote):
            here, there = os.path.join(local, info.filename), remote + "/" + info.filename
            (self.getTree if stat.S_ISDIR(info.st_mode) else self.get)(there, here)

    def resumePut(self, local, remote):
        have = self.sftp.stat(remote).st_size
        with open(local, "rb") as source, self.sftp.open(remote, "r+b") as target:
            source.seek(have)
            target.seek(have)
            target.set_pipelined(True)
            while chunk := source.read(32768):
                target.write(chunk)
        modified = int(os.stat(local).st_mtime)
        self.sftp.utime(remote, (modified, modified))

    def resumeGet(self, remote, local):
        have = os.stat(local).st_size
        with self.sftp.open(remote, "rb") as source, open(local, "ab") as target:
            source.seek(have)
            while chunk := source.read(32768):
                target.write(chunk)

    def append(self, remote, text):
        with self.sftp.open(remote, "a") as target:
            target.write(text)

    def patch(self, remote, offset, text):
        with self.sftp.open(remote, "r+") as target:
            target.seek(offset)
            target.write(text)

    def truncate(self, remote, size):
        self.sftp.truncate(remote, size)

    def exclusive(self, remote, text):
        with self.sftp.open(remote, "wx") as target:
            target.write(text)

    def ranges(self, remote, ranges):
        with self.sftp.open(remote, "rb") as source:
            return [chunk.hex() for chunk in source.readv([tuple(one) for one in ranges])]

    def names(self, remote):
        return self.sftp.listdir(remote)

    def see(self, remote):
        info = self.sftp.stat(remote)
        return {"size": info.st_size, "modified": info.st_mtime}

    def kind(self, remote):
        return stat.S_IFMT(self.sftp.lstat(remote).st_mode)

    def mkdir(self, remote):
        self.sftp.mkdir(remote)

    def rmdir(self, remote):
        self.sftp.rmdir(remote)

    def remove(self, remote):
        self.sftp.remove(remote)

    def rename(self, source, target):
        self.sftp.rename(source, target)

    def renameOver(self, source, target):
        self.sftp.posix_rename(source, target)

    def chmod(self, remote, mode):
        self.sftp.chmod(remote, mode)

    def symlink(self, target, remote):
        self.sftp.symlink(target, remote)

    def readlink(self, remote):
        return self.sftp.readlink(remote)

    def normalize(self, remote):
        return self.sftp.normalize(remote)


def main():
    session = Session()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            value = getattr(session, request["do"])(*request["with"])
            answer = {"value": value}
        except Exception as error:  # every failure is an answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
