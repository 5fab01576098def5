#!/usr/bin/python3
# needs: tmux
# limit: --profile build permits
import os

from terminal import Terminal, folder, on_terminal, same

if os.environ["COMPAT_SETTING"] == "control":
    os.environ["TMUX_TMPDIR"] = folder()
folder()
terminal = Terminal(on_terminal("tmux", "-f", "/dev/null", "new-session", "-s", "compat", "sh"))
terminal.wait_for(r"[$#] ")
terminal.type("echo $((6*7)) in the first\r")
terminal.wait_for("42 in the first")
terminal.type("tmux split-window -h 'echo $((7*7)) in the second; exec sh'\r")
terminal.wait_for("49 in the second")
terminal.type("tmux list-panes | wc -l | sed s/^/panes:/; tmux kill-session\r")
terminal.wait_for(r"exited\]")
same("exit code", 0, terminal.exit_code())
