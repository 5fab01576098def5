// What a shell knows at one point of a text: variables, functions, files that the text wrote, the current folder.
//
// Changes are kept in a journal, so that a subshell or a branch can be left again at the price of what it changed.
// Keys: "v:NAME" variables, "F:NAME" functions, "a:NAME" aliases, "f:PATH" files, "p:PATH" the program that it is a copy of, "l:PATH" where it leads, "." the folder, "@" the arguments.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace owhale::policy::shell {
struct Command;
}

namespace owhale::policy::normal {

struct Taint { // where a text comes from
    bool fetched = false, decoded = false, secret = false;
    std::vector<int> sources; // commands whose reads are in it; at most kMaxSources

    void add(const Taint& other);
    bool any() const { return fetched || decoded || secret; }
};
constexpr std::size_t kMaxSources = 16, kMaxAlternatives = 4;

struct Stream {         // what a command prints, or finds on its standard input
    bool given = false; // a pipe, a file, a here-document; not what the run inherits
    bool known = false;
    bool endless = false;           // yes, cat /dev/zero
    std::size_t endless_slot = 0;   // the command where it began to be
    std::string text;               // when known
    std::vector<std::string> names; // names of files, one a line, as patterns
    std::string file;               // it is this one, as a whole
    std::string program;            // it is a copy of this program
    Taint taint;
};

struct Cell {
    std::vector<std::string> values; // what it may be: one of these
    std::vector<std::string> elements;
    bool array = false;
    Taint taint;
    std::string reason; // why it is not known
    const shell::Command* function = nullptr;
};

// What a subshell leaves behind, too: files, the programs that they are copies of, links.
inline bool is_of_files(const std::string& key) {
    return key.starts_with("f:") || key.starts_with("p:") || key.starts_with("l:");
}

using Changes = std::map<std::string, std::optional<Cell>>;

class State {
public:
    const Cell* get(const std::string& key) const;
    void set(const std::string& key, Cell cell);
    void set(const std::string& key, std::string value, Taint taint = {});
    void erase(const std::string& key);

    std::size_t mark() const { return journal_.size(); }
    Changes leave(std::size_t mark); // goes back; what had changed
    // Any of these may have happened: differing values become alternatives.
    void join(const std::vector<Changes>& branches);
    void apply(Changes changes);

private:
    void note(const std::string& key);
    std::unordered_map<std::string, Cell> cells_;
    std::vector<std::pair<std::string, std::optional<Cell>>> journal_;
};

} // namespace owhale::policy::normal
