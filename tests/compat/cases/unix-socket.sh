#!/bin/bash
# needs: python3
# limit: --profile build permits
. "$COMPAT_LIB/case.bash"

# Python's multiprocessing.Manager talks over a Unix socket in /tmp.
cat >manager.py <<'PY'
import multiprocessing

if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        shared = manager.list()
        worker = multiprocessing.Process(target=shared.append, args=(42,))
        worker.start()
        worker.join()
        print(list(shared))
PY
same manager '[42]' "$(caged -- python3 manager.py)"
