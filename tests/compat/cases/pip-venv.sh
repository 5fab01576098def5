#!/bin/bash
# needs: python3 /usr/share/doc/python3-venv=python3-venv /usr/bin/pip3=python3-pip
. "$COMPAT_LIB/case.bash"

# A wheel is a zip of fixed names: made here, so that nothing has to be fetched.
mkdir wheels
python3 - <<'PY'
import zipfile
info = "demo-1.0.dist-info/"
files = {
    "demo.py": "def main():\n    print('demo', 6 * 7)\n",
    info + "METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
    info + "WHEEL": "Wheel-Version: 1.0\nGenerator: compat\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    info + "entry_points.txt": "[console_scripts]\ndemo = demo:main\n",
}
files[info + "RECORD"] = "".join(f"{name},,\n" for name in [*files, info + "RECORD"])
with zipfile.ZipFile("wheels/demo-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
PY

caged -- python3 -m venv .venv
caged -- .venv/bin/pip install --quiet --disable-pip-version-check --no-index --find-links wheels demo
same script 'demo 42' "$(caged -- .venv/bin/demo)"
same import 'demo 42' "$(caged -- .venv/bin/python -c 'import demo; demo.main()')"
has 'pip list' demo "$(caged -- .venv/bin/pip list --disable-pip-version-check)"
