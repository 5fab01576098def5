#!/usr/bin/python3
# needs: vim
import time

from terminal import Terminal, folder, on_terminal, same

folder()
with open("poem.txt", "w") as file:
    file.write("first\nsecond\n")
terminal = Terminal(on_terminal("vim", "-u", "NONE", "-N", "poem.txt"), rows=30, columns=100)
terminal.wait_for("second")
terminal.type(":echo 'size' &lines &columns\r")
terminal.wait_for("size 30 100")
for columns in (118, 119, 120):  # one change of size alone was lost now and then; the last one must arrive
    terminal.resize(40, columns)
    time.sleep(0.7)
terminal.type_until(":echo 'size' &lines &columns\r", "size 40 120")
terminal.type("Gothird line, ünïcode\x1b")
terminal.type(":w\r")
terminal.wait_for("written|3L")
terminal.type(":!echo $((6*7)) from a shell\r")
terminal.wait_for("42 from a shell")
terminal.type("\r:wq\r")
same("exit code", 0, terminal.exit_code())
with open("poem.txt") as file:
    same("file", "first\nsecond\nthird line, ünïcode\n", file.read())
