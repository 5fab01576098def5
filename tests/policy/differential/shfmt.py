"""shfmt's tree (`shfmt -tojson`, mvdan/sh 3.6) in the form of normal.py."""
import json
import re
import subprocess

from normal import OPERATORS, ansi, merged, plain

REDIRECTS = {54: 1, 55: 2, 56: 0, 57: 4, 58: 5, 59: 6, 60: 3, 61: 9, 62: 9, 63: 10, 64: 7, 65: 8}
TABBED = 62
KINDS = {"Subshell": "subshell", "Block": "group", "IfClause": "if", "TestClause": "test", "ArithmCmd": "arithmetic",
         "FuncDecl": "function", "CoprocClause": "coproc", "CaseClause": "case"}
QUOTED = {"none": "", "double": '$`"\\', "body": "$`\\"}


def tree(script):
    """The tree, or None when shfmt does not accept the script."""
    done = subprocess.run(["shfmt", "-ln", "bash", "-tojson"], input=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


class Reading:
    """One script and its tree, walked to a list of commands."""

    def __init__(self, script, root):
        self.script = script
        self.commands = []
        self.walk(root)

    def source(self, node):
        return self.script[node["Pos"]["Offset"]:node["End"]["Offset"]].decode("utf-8", "replace")

    def walk(self, node):
        if isinstance(node, list):
            for one in node:
                self.walk(one)
        if not isinstance(node, dict):
            return
        if "Cmd" in node or "Redirs" in node:
            self.statement(node)
        for one in node.values():
            self.walk(one)

    def statement(self, node):
        command = node.get("Cmd") or {"Type": "CallExpr"}
        kind = command["Type"]
        if kind in ("BinaryCmd", "TimeClause"):
            return
        redirects = tuple(sorted((self.redirect(one) for one in node.get("Redirs") or []), key=repr))
        name, words, assignments = "", (), ()
        if kind == "CallExpr":
            words = tuple(self.word(one) for one in command.get("Args") or [])
            assignments = tuple(self.assignment(one) for one in command.get("Assigns") or [])
        elif kind == "DeclClause":
            words, assignments = self.declaration(command)
        elif kind == "LetClause":
            words = ((("t", "let", 0),),)
        else:
            name, words = self.compound(command)
        self.commands.append((self.kind(command), name, words, assignments, redirects))

    def kind(self, command):
        kind = command["Type"]
        if kind == "ForClause":
            return "select" if command.get("Select") else "afor" if command["Loop"]["Type"] == "CStyleLoop" else "for"
        if kind == "WhileClause":
            return "until" if command.get("Until") else "while"
        return KINDS.get(kind, "simple")

    def compound(self, command):
        kind = command["Type"]
        if kind == "ForClause" and command["Loop"]["Type"] == "WordIter":
            return command["Loop"]["Name"]["Value"], tuple(self.word(one) for one in command["Loop"].get("Items") or [])
        if kind == "FuncDecl":
            return command["Name"]["Value"], ()
        if kind == "CoprocClause" and command.get("Name"):
            return self.source(command["Name"]), ()
        if kind == "CaseClause":
            patterns = [word for item in command.get("Items") or [] for word in item["Patterns"]]
            return "", tuple(self.word(one) for one in [command["Word"], *patterns])
        if kind == "TestClause":
            return "", tuple(w for w in self.operands(command["X"])
                             if not (len(w) == 1 and w[0][0] == "t" and w[0][1] in OPERATORS))
        return "", ()

    def operands(self, node):
        if node["Type"] == "Word":
            return [self.word(node)]
        return [word for key in ("X", "Y") if key in node for word in self.operands(node[key])]

    def declaration(self, command):
        words, assignments = [(("t", command["Variant"]["Value"], 0),)], []
        for one in command.get("Args") or []:
            if one.get("Array"):
                assignments.append(self.assignment(one))
            elif one.get("Naked") and one.get("Value"):
                words.append(self.word(one["Value"]))
            elif one.get("Naked"):
                words.append((("t", self.source(one), 0),))
            else:
                value = one.get("Value")
                end = value["Pos"]["Offset"] if value else one["End"]["Offset"]
                name = self.script[one["Pos"]["Offset"]:end].decode("utf-8", "replace")
                words.append(merged([("t", name, 0), *(self.word(value) if value else ())]))
        return tuple(words), tuple(assignments)

    def assignment(self, one):
        index = self.expression(one["Index"]) if one.get("Index") else None
        if one.get("Array"):
            elements = [("", 0, self.expression(e["Index"]) if e.get("Index") else None,
                         self.word(e["Value"]) if e.get("Value") else ()) for e in one["Array"].get("Elems") or []]
            value = ("(", *elements)
        else:
            value = self.word(one["Value"]) if one.get("Value") else ()
        return (one["Name"]["Value"], int(bool(one.get("Append"))), index, value)

    def expression(self, node):
        return self.word(node) if node["Type"] == "Word" else (("t", self.source(node), 0),)

    def redirect(self, one):
        number = (one.get("N") or {}).get("Value", "")
        fd = int(number) if number.isdigit() else -1
        variable = number[1:-1] if number.startswith("{") else ""
        if one["Op"] not in (61, 62):
            return (REDIRECTS[one["Op"]], fd, variable, self.word(one["Word"]))
        quoted = any(part["Type"] != "Lit" or "\\" in part["Value"] for part in one["Word"]["Parts"])
        body = (one.get("Hdoc") or {}).get("Parts") or []
        return (9, fd, variable, self.body(body, quoted, one["Op"] == TABBED))

    def body(self, parts, quoted, tabbed):
        pieces = []
        for part in parts:
            if part["Type"] == "Lit":
                text = part["Value"]
                if tabbed:
                    starts = not pieces or (pieces[-1][0] == "t" and pieces[-1][1].endswith("\n"))
                    text = re.sub(r"(?<=\n)\t+", "", re.sub(r"^\t+", "", text) if starts else text)
                pieces.append(("t", text if quoted else self.unescaped(text, QUOTED["body"]), 1))
            else:
                pieces += self.part(part, "body")
        return merged(pieces)

    def word(self, node, quoting="none"):
        return merged(piece for part in node.get("Parts") or [] for piece in self.part(part, quoting))

    def part(self, part, quoting):
        kind = part["Type"]
        if kind == "Lit":
            return self.literal(part["Value"], quoting)
        if kind == "SglQuoted":
            return [("t", ansi(part.get("Value", "")) if part.get("Dollar") is True else part.get("Value", ""), 1)]
        if kind == "DblQuoted":
            return [piece for one in part.get("Parts") or [] for piece in self.part(one, "double")]
        if kind == "ParamExp":
            return [self.parameter(part)]
        if kind in ("ExtGlob", "BraceExp"):
            return [("t", self.source(part), 0)]
        if kind == "ProcSubst":
            return [("<",) if part["Op"] == 66 else (">",)]
        return [("c",) if kind == "CmdSubst" else ("a",)]

    def parameter(self, part):
        words = []
        if part.get("Repl"):
            words = [part["Repl"].get("Orig"), part["Repl"].get("With")]
        elif part.get("Exp") and part["Exp"]["Op"] != 84:
            words = [part["Exp"].get("Word")]
        return ("p", part["Param"]["Value"], int(bool(part.get("Excl"))), int(bool(part.get("Length"))),
                tuple(filter(None, (plain(self.word(word)) for word in words if word))))

    @staticmethod
    def unescaped(text, escapes):
        return re.sub(r"\\(.)", lambda m: "" if m[1] == "\n" else m[1] if m[1] in escapes else m[0], text, flags=re.S)

    def literal(self, text, quoting):
        if quoting != "none":
            return [("t", self.unescaped(text, QUOTED[quoting]), 1)]
        pieces = []
        for match in re.finditer(r"\\(.)|[^\\]+|\\", text, re.S):
            if match[0] != "\\\n":
                pieces.append(("t", match[1], 1) if match[1] else ("t", match[0], 0))
        return pieces
