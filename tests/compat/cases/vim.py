#!/usr/bin/python3
# needs: vim
from terminal import Terminal, folder, on_terminal, same

folder()
with open("poem.txt", "w") as file:
    file.write("first\nsecond\n")
terminal = Terminal(on_terminal("vim", "-u", "NONE", "-N", "poem.txt"), rows=30, columns=100)
terminal.wait_for("second")
terminal.type(":echo 'size' &lines &columns\r")
terminal.wait_for("size 30 100")
# One change of size, at rest: vim itself forgets a SIGWINCH that interrupts it while it carries out a command. Without
# any cage, `strace vim` shows the signal break off a select() of no timeout and no TIOCGWINSZ after it, 10 times in 100.
terminal.wait_still()
terminal.resize(40, 120)
terminal.wait_for("second")
terminal.wait_still()
terminal.type(":echo 'size' &lines &columns\r")
terminal.wait_for("size 40 120")
terminal.type("Gothird line, ünïcode\x1b")
terminal.type(":w\r")
terminal.wait_for("written|3L")
terminal.type(":!echo $((6*7)) from a shell\r")
terminal.wait_for("42 from a shell")
terminal.type("\r:wq\r")
same("exit code", 0, terminal.exit_code())
with open("poem.txt") as file:
    same("file", "first\nsecond\nthird line, ünïcode\n", file.read())
