"""Object stores as processes of a node use them: an S3 server (moto) and a small Google one on loopback, files through the
cache, a process killed while it downloads, a store that fails in many ways."""

import datetime
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import random
import resource
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from faulty_proxy import FaultyProxy, QuietServer
from s3_store import ENVIRONMENT, S3Store

PROGRAM = sys.argv.pop(1)
OBJECTS = {
    "train/a-000.bin": random.Random(0).randbytes(20_000_000),
    "train/a-001.bin": b"second",
    "train/notes.txt": b"text",
    "train/deep/a-000.bin": b"deep",
    "empty.bin": b"",
    "text.jsonl.gz": gzip.compress(b'{"x": 1}\n' * 100_000),
}


def md5(content):
    return hashlib.md5(content).hexdigest()


class ObjectStoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = S3Store()
        for key, content in OBJECTS.items():
            cls.store.put(f"/bucket/{key}", content)
        cls.proxy = FaultyProxy(cls.store.host, cls.store.port)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.close()
        cls.store.stop()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.cache = pathlib.Path(self.folder.name) / "cache"
        self.proxy.plan()

    def tearDown(self):
        self.folder.cleanup()

    def name(self, key, port=None):
        return self.store.name(key, port or self.proxy.port)

    def start(self, *arguments, limit=1 << 30, attempts=4, timeout=2, largest_file=None, **environment):
        # Nothing of the machine's own settings of AWS's tools.
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = {**own, **ENVIRONMENT, **environment}
        command = [PROGRAM, str(self.cache), str(limit), str(attempts), str(timeout), *arguments]
        options = {}
        if largest_file:  # Python ignores the signal that a larger one sends, and so does its child
            limits = (largest_file, largest_file)
            options = {"restore_signals": False, "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **options)

    def run_ok(self, *arguments, **options):
        process = self.start(*arguments, **options)
        out, error = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, error.decode())
        return out

    def run_failing(self, *arguments, **options):
        process = self.start(*arguments, **options)
        started = time.monotonic()
        _, error = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 4, error.decode())
        return error.decode().splitlines()[-1], time.monotonic() - started

    def left(self):
        return sorted(path.suffix for path in self.cache.iterdir() if path.name != "folder.lock")

    def test_lists_names(self):
        def keys(pattern):
            return [line.split("?")[0] for line in self.run_ok("expand", self.name(pattern)).decode().splitlines()]

        self.assertEqual(keys("train/a-*.bin"), ["s3://bucket/train/a-000.bin", "s3://bucket/train/a-001.bin"])
        self.assertEqual(keys("*/a-{000..001}.bin"), ["s3://bucket/train/a-000.bin", "s3://bucket/train/a-001.bin"])
        self.assertEqual(keys("train/*/a-*"), ["s3://bucket/train/deep/a-000.bin"])
        self.assertEqual(keys("{empty.bin,text.jsonl.gz}"), ["s3://bucket/empty.bin", "s3://bucket/text.jsonl.gz"])
        self.assertIn("matches no object", self.run_failing("expand", self.name("train/b-*"))[0])
        self.assertIn("no such object", self.run_failing("expand", self.name("train/b"))[0])

    def test_endpoint_from_the_environment(self):
        out = self.run_ok("expand", "s3://bucket/train/*.txt", AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.proxy.port}",
                          AWS_REGION="us-east-1")
        self.assertEqual(out.decode(), "s3://bucket/train/notes.txt\n")

    def test_reads_ranges(self):
        big = OBJECTS["train/a-000.bin"]
        self.assertEqual(self.run_ok("read", self.name("train/a-000.bin"), "12345678", "1000"), big[12345678:12346678])
        message, _ = self.run_failing("read", self.name("train/a-000.bin"), "19999999", "2")
        self.assertIn("ends at offset 20000000", message)

    def test_copies_once_for_many_processes(self):
        key = "train/a-000.bin"
        processes = [self.start("open", self.name(key)) for _ in range(4)]
        for process in processes:
            out, error = process.communicate(timeout=60)
            self.assertEqual(out.split()[1:], [b"20000000", md5(OBJECTS[key]).encode()], error.decode())
        gets = [path for method, path, _ in self.proxy.requests if method == "GET" and "a-000" in path]
        self.assertEqual(len(gets), 3, "ranges of 8 MiB, each read once")
        self.assertEqual(self.left(), [".data"])

    def test_a_new_version_is_a_new_copy(self):
        self.store.put("/bucket/changing.bin", b"old")
        self.assertIn(md5(b"old").encode(), self.run_ok("open", self.name("changing.bin")))
        self.store.put("/bucket/changing.bin", b"new")
        self.assertIn(md5(b"new").encode(), self.run_ok("open", self.name("changing.bin")))

    def test_unpacks(self):
        text = gzip.decompress(OBJECTS["text.jsonl.gz"])
        for command in ("unpack", "stream"):
            self.assertEqual(self.run_ok(command, self.name("text.jsonl.gz")).split()[1:],
                             [str(len(text)).encode(), md5(text).encode()])
        self.assertEqual(self.run_ok("open", self.name("empty.bin")).split()[1], b"0")

    def test_a_killed_process_leaves_nothing_and_others_go_on(self):
        key = "train/a-000.bin"
        self.proxy.patience = 20
        self.proxy.plan("ok", "stall")  # HEAD, then the first range
        first = self.start("open", self.name(key), timeout=30)
        while len(self.proxy.requests) < 2:
            time.sleep(0.01)
        second = self.start("open", self.name(key), timeout=30)
        time.sleep(0.3)
        self.assertIsNone(second.poll(), "it waits for the first")
        first.send_signal(signal.SIGKILL)
        first.communicate()
        out, error = second.communicate(timeout=20)
        self.assertIn(md5(OBJECTS[key]).encode(), out, error.decode())
        self.assertEqual(self.left(), [".data"])

    def test_stays_within_the_limit(self):
        limit = 21_000_000
        self.run_ok("open", self.name("train/a-000.bin"), self.name("train/a-001.bin"), limit=limit)
        self.assertEqual(self.left(), [".data", ".data"])
        self.store.put("/bucket/other.bin", bytes(5_000_000))
        self.run_ok("open", self.name("other.bin"), limit=limit)
        self.assertLessEqual(sum(path.stat().st_size for path in self.cache.iterdir()), limit)
        # What is larger than the cache is read where it lies.
        out = self.run_ok("open", self.name("train/a-000.bin"), limit=1_000_000)
        self.assertIn(md5(OBJECTS["train/a-000.bin"]).encode(), out)

    def test_a_full_disk(self):
        """As for a process that may write no larger files: what cannot be copied is read where it lies."""
        key = "train/a-000.bin"
        process = self.start("open", self.name(key), largest_file=1_000_000)
        out, error = process.communicate(timeout=60)
        self.assertIn(md5(OBJECTS[key]).encode(), out, error.decode())
        self.assertIn("is read where it lies", error.decode())
        self.assertIn("File too large; name another folder", error.decode())
        self.assertEqual(self.left(), [])

    def test_tries_again_after_passing_failures(self):
        key = "train/a-001.bin"
        for fault in ("drop", "half", "short", "stall", 500, 503, 429):
            with self.subTest(fault=fault):
                self.proxy.patience = 5
                self.proxy.plan("ok", fault, fault)
                out = self.run_ok("read", self.name(key), "0", "6", timeout=1)
                self.assertEqual(out, OBJECTS[key])
                self.assertEqual(len(self.proxy.requests), 4)

    def test_gives_up_in_time_and_says_why(self):
        for fault, reason in (("drop", ""), ("half", ""), (503, "503"), ("stall", "")):
            with self.subTest(fault=fault):
                self.proxy.patience = 5
                self.proxy.plan("ok", fault, forever=True)
                message, seconds = self.run_failing("read", self.name("train/a-001.bin"), "0", "6", attempts=3, timeout=1)
                self.assertIn("reading s3://bucket/train/a-001.bin", message)
                self.assertIn("at offset 0: gave up after 3 attempts", message)
                self.assertIn(reason, message)
                self.assertLess(seconds, 15)
                self.assertLessEqual(len(self.proxy.requests), 8, "a few more by curl on a connection that was used before")

    def test_does_not_repeat_what_is_in_vain(self):
        for status in (403, 400):
            self.proxy.plan("ok", status, forever=True)
            message, _ = self.run_failing("read", self.name("train/a-001.bin"), "0", "6")
            self.assertNotIn("gave up", message)
            self.assertEqual(len(self.proxy.requests), 2)
        message, _ = self.run_failing("open", self.name("absent.bin"))
        self.assertIn("s3://bucket/absent.bin", message)
        self.assertNotIn("gave up", message)

    def test_a_store_that_is_not_there(self):
        message, seconds = self.run_failing("open", self.name("x", port=1), attempts=3)
        self.assertIn("gave up after 3 attempts", message)
        self.assertLess(seconds, 15)

    def test_an_etag_that_is_no_md5_is_believed_the_second_time(self):
        content = OBJECTS["train/a-001.bin"]
        with EncryptedStore(content) as port:
            self.assertIn(md5(content).encode(), self.run_ok("open", self.name("sealed.bin", port=port)))


    def test_https_believes_the_certificates_of_this_machine(self):
        content = OBJECTS["train/a-001.bin"]
        certificate, key = pathlib.Path(self.folder.name) / "certificate.pem", pathlib.Path(self.folder.name) / "key.pem"
        make_certificate(certificate, key)
        store = EncryptedStore(content)
        store.certificate = (certificate, key)
        with store as port:
            name = f"s3://bucket/secret.bin?endpoint_override=localhost:{port}&region=us-east-1"
            self.assertEqual(self.run_ok("read", name, "0", "6", SSL_CERT_FILE=str(certificate)), content)
            message, _ = self.run_failing("read", name, "0", "6", attempts=1)
            self.assertIn("certificate", message)


def make_certificate(certificate, key):
    """For localhost, signed by itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
              .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
              .not_valid_after(now + datetime.timedelta(days=1))
              .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
              .sign(private, hashes.SHA256()))
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))


class Server:
    """An HTTP server on loopback, whose port `with` gives; with HTTPS where there is a `certificate`."""

    certificate = None

    def __enter__(self):
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1]

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def send(request, content, kind="application/octet-stream", **headers):
    first, last = 0, len(content) - 1
    if wanted := request.headers.get("Range"):
        first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
    request.send_response(206 if wanted else 200)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(last + 1 - first))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    if request.command == "GET":
        request.wfile.write(content[first:last + 1])


class EncryptedStore(Server):
    """One object, whose ETag looks like an MD5 and is none, as with encryption by a key of the customer."""

    def __init__(self, content):
        self.content = content

    def answer(self, request):
        send(request, self.content, ETag=f'"{"0" * 32}"', Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT")


class GoogleStore(Server):
    """The part of the JSON API of Google Cloud Storage that reading takes."""

    def __init__(self, objects):
        self.objects = objects

    def answer(self, request):
        url = urllib.parse.urlsplit(request.path)
        query = urllib.parse.parse_qs(url.query)
        path = urllib.parse.unquote(url.path)
        if path.endswith("/o"):
            prefix = query.get("prefix", [""])[0]
            keys = [key for key in self.objects if key.startswith(prefix) and "/" not in key[len(prefix):].rstrip("/")]
            return self.send_json(request, {"kind": "storage#objects", "items": [self.describe(key) for key in keys]})
        key = path.split("/o/", 1)[1] if "/o/" in path else path.split("/", 2)[2]
        if key not in self.objects:
            request.send_error(404)
        elif "/o/" in path and query.get("alt") != ["media"]:
            self.send_json(request, self.describe(key))
        else:
            send(request, self.objects[key])

    def describe(self, key):
        return {"kind": "storage#object", "bucket": "bucket", "name": key, "size": str(len(self.objects[key])),
                "generation": "1", "metageneration": "1", "etag": "CAE=", "updated": "2026-01-01T00:00:00Z",
                "timeCreated": "2026-01-01T00:00:00Z"}

    def send_json(self, request, value):
        send(request, json.dumps(value).encode(), "application/json")


class GoogleStoreTest(ObjectStoreTest):
    @classmethod
    def setUpClass(cls):
        cls.google = GoogleStore({"train/a-0.bin": b"0123456789", "train/a-1.bin": b"one"})
        cls.port = cls.google.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.google.__exit__()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.cache = pathlib.Path(self.folder.name) / "cache"

    def name(self, key, port=None):
        return f"gs://bucket/{key}?anonymous=true&endpoint_override=127.0.0.1:{self.port}&scheme=http"

    def test_reads(self):
        self.assertEqual(self.run_ok("read", self.name("train/a-0.bin"), "2", "5"), b"23456")
        self.assertIn(md5(b"one").encode(), self.run_ok("open", self.name("train/a-1.bin")))
        self.assertEqual(self.run_ok("expand", self.name("train/a-?.bin")).decode().count("\n"), 2)


# The tests of S3 are not Google's.
for test in [name for name in vars(ObjectStoreTest) if name.startswith("test_")]:
    setattr(GoogleStoreTest, test, None)

if __name__ == "__main__":
    unittest.main()
