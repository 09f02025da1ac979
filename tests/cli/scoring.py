"""What tests of `echelon predict` have in common."""

import pyarrow.dataset

from program import ProgramTest


class ScoringTest(ProgramTest):
    """A subclass has predict(*arguments, folder, …), which keeps the column id and writes into that folder of the test's."""

    def predicted(self, *arguments, folder="out", **options):
        self.assert_succeeds(self.predict(*arguments, folder=folder, **options))
        return pyarrow.dataset.dataset(self.folder / folder / "predictions").to_table().sort_by("id")

    def refused(self, *arguments, code=3, **options):
        finished = self.predict(*arguments, **options)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        return finished.stderr

    def errors(self, folder="out"):
        return {row["row_number"]: row["reason"]
                for row in pyarrow.dataset.dataset(self.folder / folder / "errors").to_table().to_pylist()}
