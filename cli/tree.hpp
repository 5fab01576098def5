// The command tree: what the commands declare, what is parsed by it, and what help and completion are made from.
// CLI11 stays in the .cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/error.hpp"

namespace owhale::cli {

class Context;
using Handler = std::function<Result<int>(Context&)>;

// What a command's exit codes follow: docker run's (125, 126, 127, or the run's own), or 0 to 6.
enum class Exits { plain, like_run };

// What an option or a positional stands for, so that a shell can complete it.
enum class Kind {
    text,
    file,
    folder,
    run_id,
    approval_id,
    box_id,
    workspace,
    profile,
    user,
    session_id,
    token_id,
    role,
    choice
};

// One command being declared: a handle, to be passed by value. The references that are handed in must outlive the parse.
class Command {
public:
    Command sub(const std::string& name, const std::string& help);
    void flag(const std::string& names, bool& value, const std::string& help);
    void option(const std::string& names, std::string& value, const std::string& metavar, const std::string& help,
                Kind kind = Kind::text, std::vector<std::string> choices = {});
    void options(const std::string& names, std::vector<std::string>& values, const std::string& metavar,
                 const std::string& help, Kind kind = Kind::text);
    void positional(const std::string& name, std::string& value, const std::string& help, Kind kind = Kind::text,
                    std::vector<std::string> choices = {});
    void positionals(const std::string& name, std::vector<std::string>& values, const std::string& help,
                     Kind kind = Kind::text, bool required = true);
    // Words that are taken only so that the handler can say why they are refused: no help shows them.
    void refused_words(std::vector<std::string>& values);
    // From the `after`-th positional on (or after --) everything belongs to the command that is to run, options too.
    // With `option` given, one positional less comes before.
    void tail(std::vector<std::string>& words, const std::string& name, const std::string& help, std::size_t after = 0,
              const std::string& option = {});
    void handler(Handler handler, Exits exits = Exits::plain);

    struct Node;
    explicit Command(Node& node) : node_(node) {}

private:
    Node& node_;
};

// The tree as plain data.
struct Described {
    struct Option {
        std::vector<std::string> names; // "-e", "--env"
        std::string metavar;            // empty: a flag
        std::string help;
        Kind kind = Kind::text;
        std::vector<std::string> choices;
    };
    struct Positional {
        std::string name;
        Kind kind = Kind::text;
        std::vector<std::string> choices;
        bool repeats = false, needed = true;
    };
    std::string name, help;
    std::vector<Option> options;
    std::vector<Positional> positionals;
    bool runs_command = false; // ends in the words of a command
    std::vector<Described> commands;
};

class Tree {
public:
    Tree(const std::string& name, const std::string& help);
    ~Tree();
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;

    Command root();

    struct Parsed {
        Handler handler;
        Exits exits = Exits::plain;
        std::string help; // asked for: print it and stop
    };
    struct Wrong {
        Error error;
        Exits exits = Exits::plain;
    };
    std::expected<Parsed, Wrong> parse(const std::vector<std::string>& arguments);
    // The help of a command, named by its words.
    Result<std::string> help(const std::vector<std::string>& words) const;
    Described describe() const;

private:
    std::unique_ptr<Command::Node> top_;
};

} // namespace owhale::cli
