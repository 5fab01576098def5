#!/usr/bin/python3
# needs: tmux
"""The same in the profile that permits Unix sockets: here there is no limit."""

import os
import runpy

os.environ["COMPAT_PROFILE"] = "build"
runpy.run_path(os.path.join(os.path.dirname(__file__), "tmux.py"), run_name="__main__")
