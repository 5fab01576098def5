"""What tests print: one line for each that did not pass, a table, and the closing count."""

import os
import sys


class Report:
    def __init__(self, name, verbose=False):
        self.name, self.verbose = name, verbose
        self.passed = self.failed = self.skipped = 0
        self.groups = {}

    def _count(self, group, column):
        row = self.groups.setdefault(group, [0, 0, 0])
        row[column] += 1

    def ok(self, group, test, detail=""):
        self.passed += 1
        self._count(group, 0)
        if self.verbose:
            print(f"ok    {group}: {test}  {detail}", flush=True)

    def fail(self, group, test, detail=""):
        self.failed += 1
        self._count(group, 1)
        print(f"FAIL  {group}: {test}  {detail}", flush=True)

    def skip(self, group, test, reason):
        self.skipped += 1
        self._count(group, 2)
        print(f"skip  {group}: {test}  {reason}", flush=True)

    def add(self, group, passed, failed):
        """Takes over what a program of its own has counted and said."""
        self.passed, self.failed = self.passed + passed, self.failed + failed
        row = self.groups.setdefault(group, [0, 0, 0])
        row[0], row[1] = row[0] + passed, row[1] + failed

    def check(self, group, test, good, detail=""):
        (self.ok if good else self.fail)(group, test, detail)
        return good

    def finish(self):
        width = max((len(group) for group in self.groups), default=8)
        print(f"\n{'':{width}}  passed  failed  skipped")
        for group, (passed, failed, skipped) in self.groups.items():
            print(f"{group:{width}}  {passed:6}  {failed:6}  {skipped:7}")
        print(f"{self.name}: {self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 1 if self.failed else 0


def need_root(name):
    if os.geteuid() != 0:
        print(f"{name}: 0 passed, 0 failed, 1 skipped (needs root: it makes users and starts owhaled as root)")
        sys.exit(0)
