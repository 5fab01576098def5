// The normal form: what a text would run, as simple commands with what each of them touches.
//
// Wrappers are taken off (`sudo -u x env A=1 nice rm -rf /` is `rm` with option -r, -f and operand /, via sudo, env, nice), code
// in words (`sh -c`, `find -exec`, `xargs`, awk's system, python -c) stands beside its carrier as commands of its own, and every
// path, host and file that the command names stands in `accesses` and `hosts`. Rules look at nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/normal/value.hpp"

namespace owhale::policy {

enum class Act : std::uint8_t {
    read,    // contents
    list,    // names or metadata
    write,   // creates or changes contents
    remove,  // deletes, truncates to nothing, moves away
    change,  // mode, owner, attributes, times
    execute, // runs the file, or reads it as code
    mount,   // attaches or detaches there
};

struct Access {
    Act act = Act::read;
    std::string path; // absolute; ~, cwd, "." and ".." folded in by components; holes and globs as in Value
    Span span;
    bool recursive = false; // what lies below is meant, too
    bool sent = false;      // what is read there leaves by a connection of this command
};

struct Host {
    std::string name;   // "example.org", "127.0.0.1", "" unknown; holes as in Value
    std::string port;   // "443", "" the scheme's
    std::string scheme; // "https", "ssh", "tcp", "git", "" unknown
    std::string url;    // as written, without credentials; "" none
    bool sends = false; // data of this machine goes there, by what the options say
    bool listens = false;
    bool agreed = false; // a run may reach it by somebody's word: set by who knows the run's lists, never by the text
    Span span;
};

struct Option {
    std::string name; // canonical: the first name in the program's row, e.g. "-r" for --recursive, --recu and -rf
    std::optional<Value> value;
    Span span;
};

struct Variable {
    std::string name;
    Value value;
};

struct Opaque {
    Span span;
    std::string reason; // "$1 is known only when it runs"
};

struct Code {             // program text in a word, a here-document or a request
    std::string language; // "sh", "python", "javascript", "perl", "ruby", "awk", "sed", "sql", "make", …
    Value text;
    std::vector<std::string> calls; // names that it calls: "os.system", "shutil.rmtree", "subprocess.run"
};

struct SimpleCommand {
    Span span;           // in the text that was judged, also for code in words: then the carrier's word
    std::string program; // base name, applets resolved: "rm"; "" when it is not known
    std::string path;    // absolute, when it was called by a path
    std::vector<Value> argv;
    std::string sub; // "push", "remote add": words that the program's row names, joined by one space
    std::vector<Option> options;
    std::vector<Value> operands; // the rest, after sub
    std::vector<Access> accesses;
    std::vector<Host> hosts;
    std::vector<Variable> env;        // assignments before it, and of `env`
    std::vector<std::string> via;     // outermost first: "sudo", "xargs", "find", "sh", "$()", "ssh"
    std::vector<std::string> wrapped; // options of the wrappers that came off: "sudo -u=root", "exec -a=x"
    std::vector<Code> code;
    std::vector<std::string> facts;             // sorted; see normal/facts.hpp
    std::vector<std::string> unknown_variables; // names whose unknown values its words hold: "GITHUB_TOKEN"
    std::vector<Opaque> opaque;
    int carrier = -1;           // index of the command whose words hold this one
    std::uint32_t pipeline = 0; // commands with the same number are joined by |
    std::uint32_t stage = 0;    // place in it
    bool known_program = false; // it has a row in the table of programs
};

struct NormalForm {
    std::string text; // what spans are ranges of: the script, or argv quoted as a shell would take it
    std::vector<SimpleCommand> commands; // in order of appearance; carriers before what they carry
    std::vector<Opaque> opaque;          // all of them
    std::optional<Opaque> refused;       // it cannot be read: the grammar, or a bound; `too_big` tells which
    bool too_big = false;
};

} // namespace owhale::policy
