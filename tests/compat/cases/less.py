#!/usr/bin/python3
# needs: less
from terminal import Terminal, folder, on_terminal, same

folder()
with open("long.txt", "w") as file:
    file.writelines(f"line {n}\n" for n in range(1, 1001))
terminal = Terminal(on_terminal("less", "long.txt"))
terminal.wait_for("line 23")
terminal.wait_still()
terminal.resize(44, 80)
terminal.wait_for("line 43")
terminal.type("G")
terminal.wait_for("line 1000")
terminal.type("?line 500$\r")
terminal.wait_for("line 500")
terminal.type("q")
same("exit code", 0, terminal.exit_code())
