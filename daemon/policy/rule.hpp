// One rule, as owhaled-policy(5) describes it. All its conditions must hold; of a list, one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace owhale::policy {

enum class Decision : std::uint8_t { allow, ask, deny };                  // in order: the later beats the earlier
enum class Severity : std::uint8_t { none, low, medium, high, critical }; // of what could go wrong
enum class Unknown : std::uint8_t { ask, skip, match }; // a condition that depends on what is not known: a rule to deny
                                                        // or ask asks, does not hold, or holds

enum class Origin : std::uint8_t { shipped, system, project }; // project: rules to ask or deny alone, no overrides

struct Example {
    std::string command;
    std::string cwd; // "" the default: /home/user/project
    std::uint32_t line = 0, column = 0;
};

struct Ceiling {                    // what a run may have at most; "" and absent: nothing is said
    std::string net;                // "none", "scoped", "host"
    std::string profile;            // "readonly", …
    std::vector<std::string> also;  // of several rules: further profiles; a run is held to every one of them
    std::vector<std::string> hosts; // for scoped
    bool read_only = false;         // the workspace, too
};

struct Rule {
    std::string id; // "destroy.rm-outside"
    Decision decision = Decision::ask;
    Severity severity = Severity::medium;
    Unknown unknown = Unknown::ask;
    std::string reason;             // a sentence: what could happen
    std::vector<std::string> modes; // empty: all

    // Conditions. Names and patterns may be sets: "@name".
    std::vector<std::string> program; // base names, with * and ?
    std::vector<std::string> no_program;
    std::vector<std::string> sub;        // "push", "remote *", "tool install": of any program, with or without a row
    std::vector<std::string> option;     // one of these is there: "-r", "--exec=*" (with its value)
    std::vector<std::string> option_all; // all of these
    std::vector<std::string> no_option;  // none of these
    std::vector<std::string> operand;    // an operand matches
    std::vector<std::string> operands;   // the first operands match, in order
    std::vector<std::string> word;       // any word of argv after the first matches (the value of --x=value alone, too)
    std::vector<std::string> words;      // all words of argv after the first, in order; a last "**": and any more
    std::vector<std::string> no_word;    // none does
    std::vector<std::string> variable;   // a word holds the unknown value of a variable of this name
    std::vector<std::string> reads, writes, removes, changes, executes, lists, mounts; // paths
    std::vector<std::string> touches;                                                  // any act but list
    std::vector<std::string> sends;                                                    // a file that is read and leaves
    std::vector<std::string> except;       // paths that do not count for the fields above
    std::vector<std::string> within;       // every path that it writes, removes, changes or mounts matches one
    std::vector<std::string> reads_within; // every path that it reads, lists or executes matches one
    std::vector<std::string> host;         // a host that it connects to; of a rule to allow: every one
    std::vector<std::string> url;          // a URL that it names
    std::vector<std::string> except_host;
    std::vector<std::string>
        env; // "LD_PRELOAD=*": before it, of env, or (export and plain assignments) for what follows
    std::vector<std::string> no_env;
    std::vector<std::string> from, into; // a program of an earlier, a later stage of its pipeline
    std::vector<std::string> via;        // carried by; what came off: "sudo -u=*"; in its words: "kill $()"
    std::vector<std::string> no_via;
    std::vector<std::string> fact, no_fact;
    std::vector<std::string> language; // it holds code in one of these
    std::vector<std::string> call;     // which calls one of these: "os.system", "*.rmtree"
    std::vector<std::string> code;     // whose text matches (* here is any string)
    std::vector<std::string> no_code;
    std::optional<bool> connects, sends_data, listens, recursive; // recursive: an access that counted is
    std::optional<bool>
        agreed; // hosts count that the run's lists of hosts let it reach already, or those that they do not

    std::vector<std::string> overrides; // ids of rules, with *, that do not count for a command which this one matches
    Ceiling ceiling;
    std::vector<Example> match, no_match;

    Origin origin = Origin::system;
    std::string file; // where it stands
    std::uint32_t line = 0;
};

} // namespace owhale::policy
