"""An S3 server (moto) on loopback, with a bucket."""

import http.client
import logging

from moto.server import ThreadedMotoServer

SIGNATURE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
# What a program needs to use it, and nothing of the machine's own settings of AWS's tools.
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


class S3Store:
    def __init__(self):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        self.host, self.port = self.server.get_host_and_port()
        self.put("/bucket")

    def stop(self):
        self.server.stop()

    def put(self, path, content=b""):
        self.send("PUT", path, content)

    def clear(self):
        """What was put is gone, which all servers of a process share."""
        self.send("POST", "/moto-api/reset")
        self.put("/bucket")

    def send(self, method, path, content=b""):
        connection = http.client.HTTPConnection(self.host, self.port)
        connection.request(method, path, content,
                           {"Authorization": SIGNATURE, "Content-Type": "application/octet-stream"})
        status = connection.getresponse().status
        connection.close()
        assert status == 200, status

    def name(self, key, port=None):
        return (f"s3://bucket/{key}?endpoint_override=127.0.0.1:{port or self.port}"
                "&region=us-east-1&scheme=http")
