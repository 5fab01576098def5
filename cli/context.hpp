// What every command is given: the options of the whole tool, the daemon, and how to print.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/client.hpp"
#include "cli/ids.hpp"
#include "cli/output.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

class Tree;

struct Globals {
    std::string socket, host, fingerprint, output = "table";
    bool quiet = false, verbose = false, no_color = false;
};

class Context {
public:
    Context(Tree& tree, Globals& globals) : tree_(tree), globals_(globals) {}

    Tree& tree() { return tree_; }
    const Globals& globals() const { return globals_; }
    // Which owhaled is meant, by the options and the environment.
    Result<Where> where() const;
    // Known after a call.
    Client& client() { return *client_; }
    const Look& look();

    // A call's answer. Where owhaled wants the password with the act, asks for it at the terminal, or takes what
    // `give_password` was given.
    Result<Reply> send(Call call);
    // Its body.
    Result<std::string> ask(Call call);
    void give_password(Secret password) { password_ = std::move(password); }
    // For one act that takes several calls: the password that is typed for the first is sent with the others.
    void ask_password_once() { keeps_password_ = true; }
    // The whole id of a run named by its id, or by a beginning or end of at least 6 characters that only one run has: of the
    // caller's runs, or of everybody's.
    enum class Runs { own, all };
    Result<std::string> run_id(const std::string& named, Runs whose = Runs::own);
    // Prints the answer of `call` when JSON is wanted (true), and leaves it to the caller as a body otherwise.
    Result<bool> printed_json(const std::string& body, std::string_view list = {});

private:
    Tree& tree_;
    Globals& globals_;
    std::unique_ptr<Client> client_;
    Secret password_;
    bool keeps_password_ = false;
    std::optional<Look> look_;
};

} // namespace owhale::cli
