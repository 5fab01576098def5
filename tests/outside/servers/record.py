"""What a server received, kept by threads and read by tests."""

import threading
import time


class Record:
    def __init__(self):
        self.lock, self.entries = threading.Lock(), []

    def add(self, entry):
        with self.lock:
            self.entries.append(entry)

    def all(self):
        with self.lock:
            return list(self.entries)

    def clear(self):
        with self.lock:
            self.entries.clear()

    def wait(self, wanted, patience=5):
        """The first entry of which `wanted` is true."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for entry in self.all():
                if wanted(entry):
                    return entry
            time.sleep(0.01)
        raise AssertionError(f"never came; the record: {self.all()}")


def start(work, *arguments):
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread
