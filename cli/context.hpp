// What every command is given: the options of the whole tool, the daemon, and how to print.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/client.hpp"
#include "cli/output.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

class Tree;

struct Globals {
    std::string socket, output = "table";
    bool quiet = false, verbose = false, no_color = false;
};

class Context {
public:
    Context(Tree& tree, Globals& globals) : tree_(tree), globals_(globals) {}

    Tree& tree() { return tree_; }
    const Globals& globals() const { return globals_; }
    Client& client();
    const Look& look();

    // A call's answer body.
    Result<std::string> ask(Call call);
    // The whole id of a run named by its id or by a prefix of at least 6 characters that only one run has.
    Result<std::string> run_id(const std::string& named);
    // Prints the answer of `call` when JSON is wanted (true), and leaves it to the caller as a body otherwise.
    Result<bool> printed_json(const std::string& body, std::string_view list = {});

private:
    Tree& tree_;
    Globals& globals_;
    std::unique_ptr<Client> client_;
    std::optional<Look> look_;
};

// The ids among `ids` that begin with `prefix`, which must have 6 characters.
Result<std::string> unique_prefix(const std::string& prefix, const std::vector<std::string>& ids);
bool is_whole_id(std::string_view text);

} // namespace owhale::cli
