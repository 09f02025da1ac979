"""Tests with a local S3 store."""

import os
import sys

from program import SOURCE, ProgramTest

sys.path.insert(0, str(SOURCE / "tests/storage"))
from s3_store import ENVIRONMENT, S3Store


class StoreTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.store = S3Store()
        cls.addClassCleanup(cls.store.stop)

    def setUp(self):
        super().setUp()
        self.environment = {**os.environ, **ENVIRONMENT, "ECHELON_CACHE": str(self.folder / "cache")}

    def put(self, name, content):
        """Writes a file, and an object of the same name."""
        self.store.put(f"/bucket/{name}", content)
        return super().put(name, content)
