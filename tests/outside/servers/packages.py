"""Folders of static files that npm, pip, cargo and go take for their registries: one package each, called "hello"."""

import base64
import hashlib
import io
import json
import tarfile
import zipfile


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def tarball(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def npm(root, origin):
    manifest = {"name": "hello", "version": "1.0.0", "main": "index.js"}
    archive = tarball({"package/package.json": json.dumps(manifest), "package/index.js": "module.exports = 'hello from npm'\n"})
    dist = {"tarball": f"{origin}/hello/-/hello-1.0.0.tgz", "shasum": hashlib.sha1(archive).hexdigest(),
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()}
    document = {"_id": "hello", "name": "hello", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {**manifest, "dist": dist}}}
    write(root / "hello/index.json", json.dumps(document))
    write(root / "hello/-/hello-1.0.0.tgz", archive)


def pypi(root):
    wheel = "hello-1.0.0-py3-none-any.whl"
    info = "hello-1.0.0.dist-info"
    files = {"hello.py": "words = 'hello from pip'\n", f"{info}/METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1.0.0\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    content = zipped({**files, f"{info}/RECORD": record})
    write(root / "files" / wheel, content)
    digest = hashlib.sha256(content).hexdigest()
    write(root / "simple/hello/index.html", f'<!DOCTYPE html><html><body><a href="/files/{wheel}#sha256={digest}">{wheel}</a></body></html>')


def cargo(root, origin):
    manifest = '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\n'
    crate = tarball({"hello-1.0.0/Cargo.toml": manifest, "hello-1.0.0/src/lib.rs": 'pub fn words() -> &\'static str { "hello from cargo" }\n'})
    entry = {"name": "hello", "vers": "1.0.0", "deps": [], "cksum": hashlib.sha256(crate).hexdigest(), "features": {}, "yanked": False}
    write(root / "index/config.json", json.dumps({"dl": f"{origin}/crates/{{crate}}-{{version}}.crate"}))
    write(root / "index/he/ll/hello", json.dumps(entry) + "\n")
    write(root / "crates/hello-1.0.0.crate", crate)


def go(root):
    module, version = "outside.test/hello", "v1.0.0"
    manifest = f"module {module}\n\ngo 1.19\n"
    at = root / module / "@v"
    write(at / "list", version + "\n")
    write(at / f"{version}.info", json.dumps({"Version": version, "Time": "2026-01-01T00:00:00Z"}))
    write(at / f"{version}.mod", manifest)
    write(at / f"{version}.zip", zipped({f"{module}@{version}/go.mod": manifest,
                                         f"{module}@{version}/hello.go": 'package hello\n\nconst Words = "hello from go"\n'}))


def lay_out(root, domain):
    """One folder a host."""
    npm(root / "npm", f"https://npm.{domain}")
    pypi(root / "pypi")
    cargo(root / "crates", f"https://crates.{domain}")
    go(root / "go")
    write(root / "web/index.html", "the web\n")
    write(root / "web/a/b.txt", "a file\n")
    with open(write(root / "web/big.bin", b""), "r+b") as big:
        big.truncate(64 << 20)
