#!/usr/bin/python3
# needs: python3
"""Every single change of size arrives: as a SIGWINCH, and as the size that whoever reads what was typed after it sees."""
from terminal import Terminal, folder, on_terminal, same

PROGRAM = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
print("up", flush=True)
for _ in range(100):
    signal.sigwait([signal.SIGWINCH])
    size = os.get_terminal_size(0)
    print("told", size.lines, size.columns, flush=True)
"""

folder()
with open("told.py", "w") as file:
    file.write(PROGRAM)
terminal = Terminal(on_terminal("python3", "told.py"))
terminal.wait_for("up")
for columns in range(100, 200):
    terminal.resize(30, columns)
    terminal.wait_for(f"told 30 {columns}\\s")
same("exit code", 0, terminal.exit_code())

terminal = Terminal(on_terminal("sh", "-c", "echo up; while read line; do stty size; done"))
terminal.wait_for("up")
for columns in range(100, 200):
    terminal.resize(30, columns)
    terminal.type("\r")
    same("size", f"30 {columns}", terminal.wait_for(r"(\d+ \d+)\s").group(1))
terminal.type("\x04")
same("exit code", 0, terminal.exit_code())
