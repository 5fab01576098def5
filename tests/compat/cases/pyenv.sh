#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# As pyenv lays it out: shims on PATH that ask which version the folder wants, and versions with their own prefix.
root="$HOME/.pyenv"
version="$root/versions/99.9-compat"
remove_at_end "$version" "$root/shims/compat-python" "$root/compat-libexec"
mkdir -p "$root/shims" "$root/compat-libexec" "$version/bin"
ln -s "$(readlink -f /usr/bin/python3)" "$version/bin/compat-python"
cat >"$root/shims/compat-python" <<'SH'
#!/usr/bin/env bash
set -e
export PYENV_ROOT="$HOME/.pyenv"
exec "$PYENV_ROOT/compat-libexec/pyenv" exec "${0##*/}" "$@"
SH
cat >"$root/compat-libexec/pyenv" <<'SH'
#!/usr/bin/env bash
exec "$PYENV_ROOT/versions/$(cat .python-version)/bin/$2" "${@:3}"
SH
chmod +x "$root/shims/compat-python" "$root/compat-libexec/pyenv"
echo 99.9-compat >.python-version
PATH="$root/shims:$PATH"

same shim 42 "$(caged -- compat-python -c 'print(6*7)')"
same 'from a shell' 42 "$(caged -- bash -c 'compat-python -c "print(6*7)"')"
same 'by its own path' "$version/bin/compat-python" "$(caged -- "$version/bin/compat-python" -c 'import sys; print(sys.executable)')"

# A virtual environment made from it keeps pointing into it.
"$version/bin/compat-python" -m venv --without-pip --symlinks .venv
same venv "$PWD/.venv" "$(caged -- .venv/bin/python3 -c 'import sys; print(sys.prefix)')"
