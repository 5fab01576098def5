"""Every way to name an address instead of a host, by every door: does anybody answer?"""

from common import PROXY, attempt, exchange, socks, sys, tell, through

said = {}
for target in sys.argv[1:]:
    host, _, port = target.rpartition(":")
    bare = host.strip("[]")
    request = f"GET /stolen HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n".encode()
    said[f"connect {target}"] = attempt(through, target, request)
    said[f"socks {target}"] = attempt(socks, bare, int(port), request)
    said[f"absolute {target}"] = attempt(exchange, *PROXY, f"GET http://{target}/stolen HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    if bare.count(".") == 3 or ":" in bare:
        if not bare.startswith("127.") and bare != "::1":  # those are the run's own
            said[f"direct {target}"] = attempt(exchange, bare, int(port), request)
tell(said)
