"""A small terminal, strict: what owhalectl draws, cell by cell. A control that it does not know is an error, so that no text
of a stranger can hide one."""
import re, unicodedata

CONTROL = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


def width(char):
    if unicodedata.combining(char):
        raise AssertionError("a combining mark was drawn")
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Screen:
    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = self.bells = self.taken = 0
        self.wrap, self.alternate, self.cursor = True, False, True
        self.waiting = ""

    def feed(self, data):
        """All bytes so far; those that were taken are not taken again."""
        text = self.waiting + data[self.taken:].decode("utf-8", "surrogateescape")
        self.taken = len(data)
        at = 0
        while at < len(text):
            char = text[at]
            if char == "\x1b":
                found = CONTROL.match(text, at)
                if not found:
                    break  # its rest is still to come
                self.control(*found.groups())
                at = found.end()
                continue
            self.plain(char)
            at += 1
        self.waiting = text[at:]
        assert len(self.waiting) < 20, "an unknown sequence: %r" % self.waiting

    def plain(self, char):
        if char == "\a":
            self.bells += 1
        elif char == "\r":
            self.column = 0
        elif char == "\n":
            self.row = min(self.row + 1, self.rows - 1)
        else:
            assert char.isprintable(), "a control was drawn: %r" % char
            assert not 0x590 <= ord(char) <= 0x8ff, "a right-to-left letter was drawn"
            if self.column + width(char) > self.columns:
                assert not self.alternate, "a line is too wide: %r" % "".join(self.cells[self.row])
                self.row, self.column = min(self.row + 1, self.rows - 1), 0
            self.cells[self.row][self.column] = char
            for more in range(1, width(char)):
                self.cells[self.row][self.column + more] = ""
            self.column += width(char)

    def control(self, private, numbers, letter):
        values = [int(number or 0) for number in numbers.split(";")]
        if private:
            assert letter in "hl" and values[0] in (7, 25, 1049, 2004), (values, letter)
            if values[0] == 1049:
                self.alternate = letter == "h"
            if values[0] == 7:
                self.wrap = letter == "h"
            if values[0] == 25:
                self.cursor = letter == "h"
        elif letter == "H":
            self.row, self.column = (values[0] or 1) - 1, (values[1] if len(values) > 1 else 1) - 1
            assert self.row < self.rows and self.column < self.columns, "out of the screen"
        elif letter == "J":
            self.cells = [[" "] * self.columns for _ in range(self.rows)]
        elif letter == "K":
            self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
        else:
            assert letter == "m", letter

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def text(self):
        return "\n".join(self.lines())
