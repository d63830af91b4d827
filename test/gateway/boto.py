"""Checks of a gateway by boto3: prints a line for each, `ok` or `failed` with its reason. Asks the endpoint of the environment."""

import io
import os
import socket
import urllib.error
import urllib.parse
import urllib.request
import uuid

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = "bucket"
MIB = 1024 * 1024
LARGE = os.urandom(12 * MIB + 7)
TRANSFER = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
UGLY = ["a b", "a+b", "100%", "%2F", "\u00fc/\u65e5\u672c/\U0001f600", "a//b", "/lead", "trail/", "q\"uo'te", "a&b=c?d#e"]
UGLY += ["[x]{y}|^`~<z>", "tab\there", "new\nline", "back\\slash", "(x)!*", "e\u0301", "x" * 900]

resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve("127.0.0.1" if host == f"{BUCKET}.localhost" else host, *rest, **more)


def client(style="path", **options):
    version = options.pop("signature_version", "s3v4")
    config = Config(s3={"addressing_style": style}, retries={"max_attempts": 0}, signature_version=version)
    return boto3.client("s3", config=config, **options)


s3 = client()


def check(what):
    def run(body):
        try:
            body()
            print("ok", what)
        except Exception as error:
            print(f"failed {what}: {type(error).__name__} {error}".replace("\n", " ")[:500])

    return run


def same(given, expected):
    assert given == expected, f"{given!r} is not {expected!r}"


def refused(code, operation, **options):
    try:
        operation(**options)
    except ClientError as error:
        same(error.response["Error"]["Code"], code)
        return error
    raise AssertionError(f"not refused: {code}")


def body(key, **options):
    return s3.get_object(Bucket=BUCKET, Key=key, **options)["Body"].read()


def listed(name, page=3, **options):
    pages = s3.get_paginator(name).paginate(Bucket=BUCKET, PaginationConfig={"PageSize": page}, **options)
    keys, prefixes = [], []
    for one in pages:
        keys += [entry["Key"] for entry in one.get("Contents", [])]
        prefixes += [entry["Prefix"] for entry in one.get("CommonPrefixes", [])]
    return keys, prefixes


def send(method, url, data=None, **headers):
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


@check("an object with its headers")
def _():
    stored = {"ContentType": "text/plain", "CacheControl": "no-cache", "Metadata": {"a": "b  c"}}
    etag = s3.put_object(Bucket=BUCKET, Key="small", Body=b"0123456789", **stored)["ETag"]
    found = s3.get_object(Bucket=BUCKET, Key="small")
    same(found["Body"].read(), b"0123456789")
    same([found[name] for name in [*stored, "ETag", "ContentLength"]], [*stored.values(), etag, 10])
    s3.put_object(Bucket=BUCKET, Key="empty")
    same(body("empty"), b"")


@check("ranges")
def _():
    for asked, expected in {"bytes=0-3": b"0123", "bytes=8-": b"89", "bytes=-2": b"89", "bytes=8-99": b"89"}.items():
        same(body("small", Range=asked), expected)
    refused("InvalidRange", body, key="small", Range="bytes=10-")


@check("large objects in parts")
def _():
    s3.upload_fileobj(io.BytesIO(LARGE), BUCKET, "large", Config=TRANSFER, ExtraArgs={"Metadata": {"a": "b"}})
    into = io.BytesIO()
    s3.download_fileobj(BUCKET, "large", into, Config=TRANSFER)
    assert into.getvalue() == LARGE
    s3.copy({"Bucket": BUCKET, "Key": "large"}, BUCKET, "large copy", Config=TRANSFER)
    assert body("large copy") == LARGE


for algorithm in ["CRC32", "SHA256"]:

    @check(f"checksums by {algorithm}")
    def _():
        name = f"Checksum{algorithm}"
        assert name in s3.put_object(Bucket=BUCKET, Key="sum", Body=b"a" * MIB, ChecksumAlgorithm=algorithm)
        s3.put_object(Bucket=BUCKET, Key="sum", Body=io.BytesIO(b"a" * MIB), ChecksumAlgorithm=algorithm)
        s3.upload_fileobj(io.BytesIO(LARGE), BUCKET, "sum", Config=TRANSFER, ExtraArgs={"ChecksumAlgorithm": algorithm})
        assert body("sum", ChecksumMode="ENABLED") == LARGE


@check("bodies that are not what was said")
def _():
    put = {"operation": s3.put_object, "Bucket": BUCKET, "Key": "bad", "Body": b"hello"}
    refused("BadDigest", ChecksumCRC32="AAAAAA==", **put)
    refused("BadDigest", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==", **put)
    refused("InvalidDigest", ContentMD5="AAA", **put)
    refused("404", s3.head_object, Bucket=BUCKET, Key="bad")


@check("conditions")
def _():
    put = {"Bucket": BUCKET, "Key": "condition", "Body": b"1"}
    etag = s3.put_object(IfNoneMatch="*", **put)["ETag"]
    refused("PreconditionFailed", s3.put_object, IfNoneMatch="*", **put)
    refused("PreconditionFailed", s3.put_object, IfMatch='"x"', **put)
    refused("304", body, key="condition", IfNoneMatch=etag)
    refused("PreconditionFailed", body, key="condition", IfMatch='"x"')
    s3.put_object(IfMatch=etag, **put)


@check("ugly keys, listed in pages and groups, copied and deleted")
def _():
    keys = sorted((f"ugly/{name}" for name in UGLY), key=str.encode)
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
        same(body(key), key.encode())
        s3.copy_object(Bucket=BUCKET, Key=f"copy/{key}", CopySource={"Bucket": BUCKET, "Key": key})
    groups = sorted({f"ugly/{name.split('/')[0]}/" for name in UGLY if "/" in name})
    single = [key for key in keys if "/" not in key[5:]]
    for name in ["list_objects", "list_objects_v2"]:
        same(listed(name, Prefix="ugly/")[0], keys)
        for page in [1, 2, 1000]:
            found = listed(name, page, Prefix="ugly/", Delimiter="/")
            same([sorted(names, key=str.encode) for names in found], [single, sorted(groups, key=str.encode)])
    objects = [{"Key": key} for key in listed("list_objects_v2", Prefix="copy/")[0]]
    same(len(s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})["Deleted"]), len(UGLY))
    same(listed("list_objects_v2", Prefix="copy/"), ([], []))


@check("copies and their headers")
def _():
    source = {"Bucket": BUCKET, "Key": "small"}
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource=source)
    same(s3.head_object(Bucket=BUCKET, Key="copied")["Metadata"], {"a": "b  c"})
    replace = {"MetadataDirective": "REPLACE", "Metadata": {"c": "d"}, "ContentType": "a/b"}
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource={"Bucket": BUCKET, "Key": "copied"}, **replace)
    found = s3.head_object(Bucket=BUCKET, Key="copied")
    same([found["Metadata"], found["ContentType"], found["ContentLength"]], [{"c": "d"}, "a/b", 10])
    refused("InvalidRequest", s3.copy_object, Bucket=BUCKET, Key="small", CopySource=source)
    refused("NoSuchKey", s3.copy_object, Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "none"})


@check("uploads and parts, listed in pages, completed and aborted")
def _():
    ids = [s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"] for key in ["up/a", "up/a", "up/\u00fc"]]
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 1})
    same(sorted(one["UploadId"] for page in pages for one in page.get("Uploads", [])), sorted(ids))
    part = {"Bucket": BUCKET, "Key": "up/a", "UploadId": ids[0]}
    made = [s3.upload_part(PartNumber=number, Body=b"p" * 5 * MIB, **part) for number in [1, 2]]
    copied = {"CopySource": {"Bucket": BUCKET, "Key": "small"}, "CopySourceRange": "bytes=2-4"}
    made.append(s3.upload_part_copy(PartNumber=3, **copied, **part)["CopyPartResult"])
    pages = s3.get_paginator("list_parts").paginate(PaginationConfig={"PageSize": 2}, **part)
    same([one["Size"] for page in pages for one in page["Parts"]], [5 * MIB, 5 * MIB, 3])
    parts = [{"PartNumber": at + 1, "ETag": one["ETag"]} for at, one in enumerate(made)]
    refused("InvalidPartOrder", s3.complete_multipart_upload, MultipartUpload={"Parts": parts[::-1]}, **part)
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **part)
    same(body("up/a", Range="bytes=-4"), b"p234")
    for key, upload in [("up/a", ids[1]), ("up/\u00fc", ids[2])]:
        s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload)
    refused("NoSuchUpload", s3.list_parts, Bucket=BUCKET, Key="up/a", UploadId=ids[1])


@check("presigned URLs")
def _():
    named = {"Bucket": BUCKET, "Key": "signed \u00fc+%"}
    same(send("PUT", s3.generate_presigned_url("put_object", Params=named), b"hey")[0], 200)
    url = s3.generate_presigned_url("get_object", Params={**named, "ResponseContentType": "a/b"})
    status, data, headers = send("GET", url)
    same([status, data, headers["content-type"]], [200, b"hey", "a/b"])
    same(send("GET", url.replace("a%2Fb", "a%2Fc"))[0], 403)
    same(send("HEAD", s3.generate_presigned_url("head_object", Params=named))[0], 200)
    status, data, _ = send("GET", client(signature_version="s3").generate_presigned_url("get_object", Params=named))
    same([status, b"AWS4-HMAC-SHA256" in data], [400, True])


@check("forms")
def _():
    conditions = [["content-length-range", 1, 10], ["starts-with", "$Content-Type", "text/"]]
    form = s3.generate_presigned_post(BUCKET, "form/${filename}", Conditions=conditions)

    def post(data, kind):
        mark = uuid.uuid4().hex
        fields = {**form["fields"], "Content-Type": kind}.items()
        head = "".join(f'--{mark}\r\nContent-Disposition: form-data; name="{a}"\r\n\r\n{b}\r\n' for a, b in fields)
        head += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="\u00fc.txt"\r\n\r\n'
        sent = head.encode() + data + f"\r\n--{mark}--\r\n".encode()
        return send("POST", form["url"], sent, **{"content-type": f"multipart/form-data; boundary={mark}"})

    same(post(b"data", "text/plain")[0], 204)
    same(body("form/\u00fc.txt"), b"data")
    same(post(b"data", "image/png")[0], 403)
    same([part in post(b"x" * 11, "text/plain")[1] for part in [b"EntityTooLarge"]], [True])


@check("the bucket's name in the host")
def _():
    virtual = client("virtual")
    virtual.put_object(Bucket=BUCKET, Key="host/a b", Body=b"1")
    same([one["Key"] for one in virtual.list_objects_v2(Bucket=BUCKET, Prefix="host/")["Contents"]], ["host/a b"])
    url = virtual.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "host/a b"})
    assert f"//{BUCKET}.localhost" in url, url


@check("who asks, and for what")
def _():
    here = {"Bucket": BUCKET}
    same([one["Name"] for one in s3.list_buckets()["Buckets"]], [BUCKET])
    s3.head_bucket(**here)
    refused("NoSuchBucket", s3.list_objects_v2, Bucket="other")
    refused("NoSuchKey", body, key="none")
    refused("SignatureDoesNotMatch", client(aws_secret_access_key="x", aws_access_key_id="AKIDGATEWAY").list_objects_v2, **here)
    refused("InvalidAccessKeyId", client(aws_secret_access_key="x", aws_access_key_id="x").list_objects_v2, **here)
    # Learns the region and asks again.
    client(region_name="eu-west-1").list_objects_v2(**here)
    for name, more in {
        "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
        "get_bucket_policy": {},
        "delete_bucket": {},
        "get_object_tagging": {"Key": "small"},
        "get_object_attributes": {"Key": "small", "ObjectAttributes": ["ETag"]},
    }.items():
        refused("NotImplemented", getattr(s3, name), **here, **more)
    refused("NotImplemented", s3.put_object, Key="small", Body=b"x", ServerSideEncryption="AES256", **here)
    refused("NotImplemented", s3.create_bucket, Bucket="other")
    same(body("small"), b"0123456789")
