"""Signs the requests on standard input, one JSON object in each line, as botocore does; prints one signature for each."""

import datetime
import json
import sys

import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class GivenPayload(S3SigV4Auth):
    """Takes the payload's hash from the header, as it will be sent."""

    def payload(self, request):
        return request.headers["x-amz-content-sha256"]

    def _modify_request_before_signing(self, request):
        given = self.payload(request)
        super(S3SigV4Auth, self)._modify_request_before_signing(request)
        del request.headers["x-amz-content-sha256"]
        request.headers["x-amz-content-sha256"] = given


def sign(line):
    made = json.loads(line)
    at = datetime.datetime.fromisoformat(made["date"])
    botocore.auth.get_current_datetime = lambda *_, **__: at
    who = made["identity"]
    keys = Credentials(who["accessKeyId"], who["secretAccessKey"], who.get("sessionToken"))
    request = AWSRequest(method=made["method"], url=made["url"], headers=made["headers"])
    if "expires" in made:
        S3SigV4QueryAuth(keys, "s3", made["region"], expires=made["expires"]).add_auth(request)
        return request.url.rsplit("X-Amz-Signature=", 1)[1]
    GivenPayload(keys, "s3", made["region"]).add_auth(request)
    return request.headers["Authorization"].rsplit("Signature=", 1)[1]


for line in sys.stdin:
    print(sign(line))
