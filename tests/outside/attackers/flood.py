"""Far more questions than anybody answers, then one in earnest."""

import socket
import time

from common import question, resolve, tell

one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(20_000):
    one.sendto(question(f"x{number}.outside.test"), ("127.0.0.1", 53))
time.sleep(1.2)  # the limit is by the second
tell(resolve("web.outside.test"))
