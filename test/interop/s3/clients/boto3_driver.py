"""Performs operations of boto3: one JSON request a line on standard input, one JSON answer a line on standard output."""

import base64
import json
import os
import sys

import boto3
from botocore.config import Config

connections = {}


def connect(where, secret):
    return boto3.client(
        "s3",
        endpoint_url=where["url"],
        region_name=where["region"],
        aws_access_key_id=where["id"],
        aws_secret_access_key=secret,
        verify=where.get("certificate") or None,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )


def open_connection(where):
    connections["usual"] = connect(where, where["secret"])


def s3():
    return connections["usual"]


def address(at):
    _, bucket, key = at.split("/", 2) if at.count("/") > 1 else (*at.split("/"), "")
    return bucket, key


def sign_in(where, secret):
    connect(where, secret).list_buckets()


def put(local, at, extra=None):
    s3().upload_file(local, *address(at), ExtraArgs=extra)


def get(at, local):
    s3().download_file(*address(at), local)


def keys(at):
    bucket, key = address(at)
    prefix = key + "/" if key else ""
    pages = s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": 25})
    return [item["Key"][len(prefix) :] for page in pages for item in page.get("Contents", [])]


def put_tree(local, at):
    for folder, _, files in os.walk(local):
        for name in files:
            path = os.path.join(folder, name)
            put(path, at + "/" + os.path.relpath(path, local))


def get_tree(at, local):
    os.mkdir(local)
    for key in keys(at):
        path = os.path.join(local, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        get(at + "/" + key, path)


def copy(source, target):
    bucket, key = address(source)
    s3().copy({"Bucket": bucket, "Key": key}, *address(target))


def remove(at):
    bucket, key = address(at)
    s3().delete_object(Bucket=bucket, Key=key)


def remove_tree(at):
    bucket, key = address(at)
    below = [{"Key": f"{key}/{name}"} for name in keys(at)]
    answer = s3().delete_objects(Bucket=bucket, Delete={"Objects": below})
    if answer.get("Errors"):
        raise RuntimeError(str(answer["Errors"]))


def read_range(at, first, last):
    bucket, key = address(at)
    body = s3().get_object(Bucket=bucket, Key=key, Range=f"bytes={first}-{last}")["Body"]
    return base64.b64encode(body.read()).decode()


def move(source, target):
    copy(source, target)
    remove(source)


def head(at):
    bucket, key = address(at)
    answer = s3().head_object(Bucket=bucket, Key=key)
    return {"metadata": answer["Metadata"], "type": answer["ContentType"], "etag": answer["ETag"]}


def parts(at):
    bucket, key = address(at)
    listed, marker = [], 0
    while True:
        asked = {"ObjectAttributes": ["ObjectParts"], "MaxParts": 2, "PartNumberMarker": marker}
        answer = s3().get_object_attributes(Bucket=bucket, Key=key, **asked)["ObjectParts"]
        listed += answer["Parts"]
        marker = answer["NextPartNumberMarker"]
        if not answer["IsTruncated"]:
            return listed


def read_part(at, number):
    bucket, key = address(at)
    answer = s3().get_object(Bucket=bucket, Key=key, PartNumber=number, ChecksumMode="ENABLED")
    content = answer["Body"].read()
    return {"content": base64.b64encode(content).decode(), "checksum": answer["ChecksumCRC32"]}


def call(name, parameters):
    answer = getattr(s3(), name)(**parameters)
    return json.loads(json.dumps(answer, default=str))


COMMANDS = {
    "call": call,
    "open": open_connection,
    "signIn": sign_in,
    "put": put,
    "get": get,
    "putTree": put_tree,
    "getTree": get_tree,
    "keys": keys,
    "copy": copy,
    "move": move,
    "remove": remove,
    "removeTree": remove_tree,
    "range": read_range,
    "head": head,
    "parts": parts,
    "readPart": read_part,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"value": COMMANDS[request["do"]](*request["with"])}
    except Exception as error:  # whatever a library raises is the answer
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
