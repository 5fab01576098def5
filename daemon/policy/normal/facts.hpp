// What the normal form finds out about a command beyond its words. Rules name these in `fact`.
#pragma once

#include <array>
#include <string_view>

namespace owhale::policy {

struct FactRow {
    std::string_view name, meaning;
};

inline constexpr std::array kFacts = {
    FactRow{"program.unknown", "which program runs is known only at the run"},
    FactRow{"program.fetched", "it runs a file that the same text fetched"},
    FactRow{"program.workspace", "it runs a file of the workspace"},
    FactRow{"program.strange", "the table of programs does not know it, and it is no file of the workspace"},
    FactRow{"program.temporary", "it runs a file of /tmp"},
    FactRow{"function.call", "it calls a function of the same text, whose body is judged by itself"},
    FactRow{"program.hidden", "its name was put together to be hard to read: escapes, pieces, patterns, decoders"},
    FactRow{"code.fetched", "it runs code that comes from a connection"},
    FactRow{"code.decoded", "it runs code that is decoded or decompressed or put together from pieces first"},
    FactRow{"code.unknown", "it runs code that is known only at the run"},
    FactRow{"code.stdin", "it runs what it reads from standard input"},
    FactRow{"code.workspace", "it runs code of the workspace: make, npm run, pytest, a script"},
    FactRow{"code.opaque", "it runs code in a language that is not read here"},
    FactRow{"stdin.fetched", "its input comes from a connection"},
    FactRow{"stdin.secret", "its input comes from a command that reads a file"},
    FactRow{"option.unknown", "a word that may be an option is known only at the run"},
    FactRow{"operand.unknown", "an operand that is a path is known only at the run"},
    FactRow{"socket.shell", "a shell, or a program that runs code, has a connection as its input or output"},
    FactRow{"redirect.network", "it redirects to /dev/tcp or /dev/udp"},
    FactRow{"function.recursive", "a function calls itself, more than once or in the background"},
    FactRow{"function.shadows", "it is a function or alias with the name of a program"},
    FactRow{"loop.endless", "it runs in a loop that nothing ends"},
    FactRow{"bare", "nothing but its name and options: no operand, no code, nothing carried"},
    FactRow{"assignment", "it sets variables or makes redirections, and runs nothing"},
    FactRow{"operand", "it has an operand"},
    FactRow{"system.interpreter", "it was called by its path in the system's folders: /usr/bin/pip, /usr/bin/python3"},
    FactRow{"agent.caged", "it is an agent that itself runs in the cage, by a profile that knows it"},
    FactRow{"loop.waits", "it runs in a loop that sleeps, reads its input, or leaves when something is done"},
    FactRow{"output.endless",
            "its output has no end, and goes to a file: yes > x, cat /dev/zero > x, dd without count"},
    FactRow{"input.endless",
            "it reads or writes what has no end, and nothing ends it: sort /dev/zero, yes > /dev/null"},
    FactRow{"output.huge", "it makes a file of ten gigabytes or more"},
    FactRow{"words.huge", "its words are more than a hundred thousand: {1..9999999}"},
    FactRow{"code.endless", "its code goes on without an end, and neither leaves nor waits"},
    FactRow{"code.huge", "its code asks for a gigabyte or more at once, or for a number that has no end"},
    FactRow{"carries", "it runs another command that stands beside it"},
    FactRow{"writes", "git config and the like: it sets a value"},
    FactRow{"background", "it goes on in the background"},
    FactRow{"interactive", "it opens a program with an escape to a shell"},
};

bool is_fact(std::string_view name);

} // namespace owhale::policy
