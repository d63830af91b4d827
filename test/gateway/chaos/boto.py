"""boto3 by lines of JSON: `{"method", "input", "attempts"}` gives the answer, or `{"error", "status"}`, whose status is 0 where there was none."""

import hashlib
import http.client
import io
import json
import re
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

MIB = 1024 * 1024
TRANSFER = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
RANGES = TransferConfig(multipart_threshold=MIB, multipart_chunksize=MIB)


def strict(fp, *_):
    """Python takes a head that is cut off for a whole one, so that clients see half a header."""
    lines = []
    while not lines or lines[-1] not in (b"\r\n", b"\n"):
        lines.append(fp.readline(65537))
        if not lines[-1].endswith(b"\n"):
            raise http.client.BadStatusLine("cut off")
    return lines


http.client._read_headers = strict


def client(attempts):
    config = Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "total_max_attempts": attempts}, connect_timeout=5, read_timeout=8)
    return boto3.client("s3", config=config)


clients = {attempts: client(attempts) for attempts in (1, 4)}


def content(body):
    return hashlib.shake_128(body["vid"].encode()).digest(body["size"])


def seen(data):
    return {"bytes": len(data), "sha": hashlib.sha256(data).hexdigest()}


def call(method, input, attempts):
    s3 = clients[attempts]
    body = input.pop("Body", None)
    if method == "Upload":
        named = {name: input[name] for name in ("ContentType", "Metadata")}
        s3.upload_fileobj(io.BytesIO(content(body)), input["Bucket"], input["Key"], Config=TRANSFER, ExtraArgs=named)
        return {}
    if method == "Download":
        into = io.BytesIO()
        s3.download_fileobj(input["Bucket"], input["Key"], into, Config=RANGES)
        return seen(into.getvalue())
    if body is not None:
        data = content(body)[body.get("start", 0) : body.get("end")]
        input["Body"] = io.BytesIO(data) if body.get("streamed") else data
    answer = getattr(s3, re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", method).lower())(**input)
    del answer["ResponseMetadata"]
    if "Body" in answer:
        answer.update(seen(answer.pop("Body").read()))
    return answer


for line in sys.stdin:
    job = json.loads(line)
    try:
        answer = call(**job)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # Of an answer that was cut off there is a status, and nothing that S3 has said.
        cut = code.isdigit() and job["method"] not in ("HeadObject", "Download")
        status = 0 if cut else error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
        answer = {"error": code, "status": status, "message": str(error)}
    except Exception as error:
        answer = {"error": type(error).__name__, "status": 0, "message": str(error)[:300]}
    print(json.dumps(answer, default=str), flush=True)
