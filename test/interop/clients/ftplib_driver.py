"""Performs operations with ftplib: one JSON request a line on standard input, one JSON answer a line."""

import ftplib
import json
import os
import ssl
import sys
import time
from calendar import timegm


def seconds_of(text):
    return timegm(time.strptime(text[:14], "%Y%m%d%H%M%S"))


def connect(where):
    if where.get("certificate"):
        context = ssl.create_default_context(cafile=where["certificate"])
        ftp = ftplib.FTP_TLS(context=context, encoding="utf-8")
    else:
        ftp = ftplib.FTP(encoding="utf-8")
    ftp.connect(where["host"], where["port"], timeout=60)
    ftp.login(where["user"], where["password"])
    if where.get("certificate"):
        ftp.prot_p()
    return ftp


class Session:
    def __init__(self):
        self.ftp = None

    def open(self, where):
        self.ftp = connect(where)

    def login(self, where, path):
        with connect(where) as ftp:
            ftp.nlst(path)

    def inARow(self, where, count, path):
        """Connections one after the other, each used, each sent away with QUIT; the number of names that they saw."""
        names = 0
        for _ in range(count):
            ftp = connect(where)
            names += len(ftp.nlst(path))
            ftp.quit()
        return names

    def atOnce(self, where, count, remote):
        """As many connections at once, one transfer after the other; the bytes that they got."""
        sessions = [connect(where) for _ in range(count)]
        sizes = []
        for ftp in sessions:
            pieces = []
            ftp.retrbinary("RETR " + remote, pieces.append)
            sizes.append(sum(map(len, pieces)))
        for ftp in sessions:
            ftp.quit()
        return sizes

    def put(self, local, remote):
        with open(local, "rb") as source:
            self.ftp.storbinary("STOR " + remote, source)
        self.time(local, remote)

    def time(self, local, remote):
        modified = time.strftime("%Y%m%d%H%M%S", time.gmtime(int(os.stat(local).st_mtime)))
        self.ftp.sendcmd("MFMT %s %s" % (modified, remote))

    def get(self, remote, local):
        with open(local, "wb") as target:
            self.ftp.retrbinary("RETR " + remote, target.write)
        modified = self.see(remote)["modified"]
        os.utime(local, (modified, modified))

    def putTree(self, local, remote):
        self.mkdir(remote)
        for name in sorted(os.listdir(local)):
            here, there = os.path.join(local, name), remote + "/" + name
            (self.putTree if os.path.isdir(here) else self.put)(here, there)

    def getTree(self, remote, local):
        os.mkdir(local)
        for name, facts in list(self.ftp.mlsd(remote)):
            here, there = os.path.join(local, name), remote + "/" + name
            (self.getTree if facts["type"] == "dir" else self.get)(there, here)

    def resumePut(self, local, remote):
        with open(local, "rb") as source:
            have = self.see(remote)["size"]
            source.seek(have)
            self.ftp.storbinary("STOR " + remote, source, rest=have)
        self.time(local, remote)

    def resumeGet(self, remote, local):
        with open(local, "ab") as target:
            self.ftp.retrbinary("RETR " + remote, target.write, rest=target.tell())

    def append(self, local, remote):
        with open(local, "rb") as source:
            self.ftp.storbinary("APPE " + remote, source)

    def putLines(self, local, remote):
        with open(local, "rb") as source:
            self.ftp.storlines("STOR " + remote, source)

    def getLines(self, remote):
        lines = []
        self.ftp.retrlines("RETR " + remote, lines.append)
        return lines

    def lineAfterLine(self, command):
        lines = []
        self.ftp.retrlines(command, lines.append)
        return lines

    def send(self, command):
        return self.ftp.sendcmd(command)

    def names(self, remote):
        return [name for name, _ in self.ftp.mlsd(remote)]

    def see(self, remote):
        self.ftp.voidcmd("TYPE I")
        size = self.ftp.size(remote)
        return {"size": size, "modified": seconds_of(self.ftp.sendcmd("MDTM " + remote)[4:])}

    def mkdir(self, remote):
        self.ftp.mkd(remote)

    def rmdir(self, remote):
        self.ftp.rmd(remote)

    def remove(self, remote):
        self.ftp.delete(remote)

    def rename(self, source, target):
        self.ftp.rename(source, target)

    def chmod(self, remote, mode):
        self.ftp.sendcmd("SITE CHMOD %o %s" % (mode, remote))

    def freeSpace(self, remote):
        return int(self.ftp.sendcmd("AVBL " + remote)[4:])


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
