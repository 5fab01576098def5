#!/bin/bash
# needs: pytest=python3-pytest
. "$COMPAT_LIB/case.bash"

cat >test_demo.py <<'PY'
import multiprocessing, socket, subprocess, sys, tempfile, threading


def square(n):
    return n * n


def test_tmp_path(tmp_path):
    (tmp_path / "a").write_text("é")
    assert (tmp_path / "a").read_text() == "é"


def test_subprocess():
    assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout == b"1\n"


def test_pool():
    with multiprocessing.Pool(2) as pool:
        assert pool.map(square, [1, 2, 3]) == [1, 4, 9]


def test_loopback():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client, server.accept()[0] as served:
            client.sendall(b"x")
            assert served.recv(1) == b"x"


def test_temporary_file():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"1")


def test_thread():
    seen = []
    thread = threading.Thread(target=seen.append, args=(1,))
    thread.start()
    thread.join()
    assert seen == [1]
PY
has passed '6 passed' "$(caged -- pytest -q)"
[[ -d .pytest_cache ]] || fail 'pytest left no cache'
has again '6 passed' "$(caged -- pytest -q --last-failed)"
