"""Both trees in one form: a command is (kind, words, assignments, redirections), a word a tuple of pieces.

Pieces: ("t", text, quoted), ("p", name, indirect, length, arguments), ("c",), ("a",), ("<",), (">",).
"""
import re

OPERATORS = {"!", "(", ")", "&&", "||", "==", "!=", "=~", "=", "<", ">", "-nt", "-ot", "-ef", "-eq", "-ne", "-lt", "-le",
             "-gt", "-ge", *("-" + c for c in "abcdefghknoprstuvwxzGLNORS")}
SIMPLE = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\",
          "'": "'", '"': '"', "?": "?"}
ANSI = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)", re.S)


def merged(pieces):
    """Neighbouring text of one quoting becomes one piece; empty text is nothing."""
    out = []
    for piece in pieces:
        if piece[0] == "t" and piece[1] == "":
            continue
        if piece[0] == "t" and out and out[-1][0] == "t" and out[-1][2] == piece[2]:
            out[-1] = ("t", out[-1][1] + piece[1], piece[2])
        else:
            out.append(piece)
    return tuple(out)


def plain(word):
    """A word without its quoting: what the arguments of an expansion are held against."""
    return merged(piece if piece[0] != "t" else ("t", piece[1], 0) for piece in word)


def ansi(text):
    def one(match):
        code = match[1]
        if code[0] in "xuU" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8) & 255)
        if code[0] == "c" and len(code) > 1:
            return chr(ord(code[1]) & 31)
        return SIMPLE.get(code, "\\" + code)

    return ANSI.sub(one, text).split("\0")[0]


# Ours, as differential-dump prints it.

def our_text(text):
    return text.encode("latin-1").decode("utf-8", "replace")


def our_part(part):
    kind, text, quoted = part["k"], our_text(part["t"]), part["q"]
    if kind in ("lit", "glob"):
        return [("t", text, quoted)]
    if kind == "tilde":
        return [("t", "~" + text, 0)]
    if kind == "brace":
        return our_brace(part)
    if kind == "par":
        length = part["op"] == "length"
        arguments = [] if part["op"].startswith((":", "@")) and part["op"] not in (":-", ":=", ":?", ":+") else part["w"]
        words = [our_word(word) for word in arguments]
        if part["op"] in ("/#", "/%"):  # shfmt leaves the anchor in the pattern
            words[0] = (("t", part["op"][1], 0), *words[0])
        return [("p", part["name"], part["bang"], int(length), tuple(filter(None, map(plain, words))))]
    return [({"cmd": "c", "ari": "a", "in": "<", "out": ">"}[kind],)]


def our_brace(part):
    """As it was written: alternatives from their words, a sequence from its source."""
    if not part["w"] or "," not in part["s"]:
        return [("t", our_text(part["s"] if part["w"] else part["t"]), 0)]
    out = [("t", "{", 0)]
    for i, word in enumerate(part["w"]):
        out += ([("t", ",", 0)] if i else []) + [piece for one in word for piece in our_part(one)]
    return out + [("t", "}", 0)]


def our_word(word):
    return merged(piece for part in word for piece in our_part(part))


def our_assignment(one):
    value = our_word(one["v"]) if one["e"] is None else ("(", *(our_assignment(e) for e in one["e"]))
    return (one["n"], one["plus"], our_word(one["i"]) if one["i"] is not None else None, value)


def our_command(one):
    words = tuple(our_word(word) for word in one["w"])
    kind = one["k"]
    if kind in ("arithmetic", "afor"):
        words = ()
    if kind == "test":
        words = tuple(w for w in words if not (len(w) == 1 and w[0][0] == "t" and w[0][1] in OPERATORS))
    if kind == "case":
        words += tuple(our_word(w) for patterns in one["p"] for w in patterns)
    if words[:1] == ((("t", "let", 0),),):
        words = words[:1]
    redirects = tuple(sorted(((r["op"], r["fd"], r["var"], our_word(r["t"])) for r in one["r"]), key=repr))
    return (kind, one["name"], words, tuple(our_assignment(a) for a in one["a"]), redirects)
