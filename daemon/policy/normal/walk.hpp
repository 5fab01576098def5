// The walk over the tree: follows a shell from statement to statement and writes the normal form down.
//
// One object is one normal form. What it knows of the shell is in `state_`; where a command stands is in its Frame. Code in words is
// parsed and walked by the same object, one layer deeper.
#pragma once

#include <deque>
#include <memory>
#include <set>

#include "policy/normal/arguments.hpp"
#include "policy/normal/expansion.hpp"
#include "policy/normal/normalize.hpp"

namespace owhale::policy::normal {

struct Scanned;

struct Frame {                  // where a command stands
    const Stream* in = nullptr; // null: what the run inherits
    int carrier = -1;
    std::vector<std::string> via;
    std::optional<Span> fixed; // code in a word: its commands have the word's span
    std::string_view text;     // what spans are ranges of
    unsigned layer = 0, depth = 0;
    bool shell = true; // built-ins and functions are found
    bool background = false, endless = false, waits = false, piped = false, network_in = false, network_out = false;
    std::uint32_t pipeline = 0, stage = 0;
    std::vector<std::string> functions; // that are being called
};

struct Redirected { // what redirections do to one command
    Stream in;
    bool has_in = false, network_in = false, network_out = false;
    std::vector<std::string> out; // files that get its output
    std::vector<Value> begun;     // those that are emptied first
};

struct Call { // one command on its way to the normal form
    std::size_t slot = 0;
    std::vector<Value> argv;
    Frame frame;
    Taint taint; // of its words
    Redirected io;
    Arguments arguments;
    const ProgramRow* row = nullptr;
    std::string program; // base name
    bool hidden = false;
    bool code_given = false; // code stands in its words: what it reads is not code
    bool sends_stdin = false, connects = false;
    bool from_settings = false; // git -c
    bool stays = false;         // the place that its words name is of this machine

    const Stream* in() const { return io.has_in ? &io.in : frame.in; }
};

bool takes_items(std::string_view program);         // hosts.cpp
bool is_shadowed(std::string_view name);            // calls.cpp
std::string via_of(const Call& call);               // carried.cpp
std::string_view stdin_language(const Call& call);  // of what it reads as code; "" none; carried.cpp
bool has_condition(const shell::Command& function); // compound.cpp

class Walk {
public:
    Walk(NormalForm& out, const Facts& facts);

    void run_text(std::string_view text, const std::vector<std::string>& args); // a script
    void run_argv(const std::vector<Value>& argv);                              // exact words
    void run_code(const std::string& language, std::string_view text, const std::vector<std::string>& args);
    void finish(); // functions that nothing called, opaque words, sorted facts

private:
    class Substitutions;
    friend class Substitutions;
    using Builtin = Stream (Walk::*)(Call&);
    struct BuiltinRow {
        std::string_view name;
        Builtin run;
    };
    using Special = void (Walk::*)(Call&);
    struct SpecialRow {
        std::string_view name;
        Special run;
    };

    // walk.cpp: lists and pipelines
    Stream script(const shell::Script& script, Frame& frame);
    Stream statement(const shell::Statement& statement, Frame& frame);
    Stream pipeline(const shell::Pipeline& pipeline, Frame& frame);
    Stream command(const shell::Command& command, Frame& frame);
    Stream subshell(const shell::Script& body, Frame& frame);
    Stream code(Call& call, std::string_view text, const Value& word, std::string via, bool same_shell);
    const shell::Script* parse(std::string_view text, std::size_t slot, Span span);

    // compound.cpp
    Stream compound(const shell::Command& command, Frame& frame);
    Stream branches(const shell::Command& command, Frame& frame);
    Stream loop(const shell::Command& command, Frame& frame);
    Stream for_each(const shell::Command& command, Frame& frame);
    Stream cases(const shell::Command& command, Frame& frame);
    void look_at_words(const shell::Command& command, Frame& frame);
    bool runs_in_arithmetic(const std::string& name) const;
    void forget_assigned(const shell::Command& command);
    bool settle_folder(const std::vector<std::string>& before);

    // simple.cpp: one simple command
    Stream simple(const shell::Command& command, Frame& frame);
    Stream simple_choice(const shell::Command& command, Frame& frame, Expander& expander, std::size_t slot);
    void follow_variables(Call& call, std::size_t from);
    void name_command(const std::string& name, const std::string& text, const Taint& taint);
    void assign(const shell::Assignment& assignment, Expander& expander);
    Redirected redirect(const std::vector<shell::Redirect>& redirects, Expander& expander, std::size_t slot,
                        Frame& frame);
    void redirect_file(const shell::Redirect& redirect, const Value& target, Redirected& io, std::size_t slot,
                       Frame& frame);
    bool redirect_network(const Value& target, std::size_t slot);
    Stream deliver(Stream out, const Redirected& io, std::size_t slot);
    bool is_hidden(const shell::Word& word, const Frame& frame, bool put_together) const;

    // calls.cpp: wrappers off, functions, built-ins, programs
    Stream call(Call& call);
    bool take_wrapper(Call& call);
    void look_at_subscripts(Call& call);
    bool resolve_name(Call& call);
    std::optional<Stream> call_function(Call& call);
    std::optional<Stream> call_alias(Call& call);
    Stream fill(Call& call);
    void fill_words(Call& call);
    Stream output(Call& call);
    void run_workspace_file(Call& call);
    void carry_file(Call& call, const std::string& language, const Value& text);
    void add_plain_facts();

    // builtins.cpp
    static const BuiltinRow* find_builtin(std::string_view name);
    Stream do_cd(Call& call);
    Stream do_popd(Call& call);
    Stream do_declare(Call& call);
    Stream do_set(Call& call);
    Stream do_shift(Call& call);
    Stream do_unset(Call& call);
    Stream do_eval(Call& call);
    Stream do_source(Call& call);
    Stream do_read(Call& call);
    Stream do_mapfile(Call& call);
    Stream do_printf(Call& call);
    Stream do_alias(Call& call);
    Stream do_trap(Call& call);
    Stream do_exit(Call& call);
    void run_trap(Call& call, const Value& word);
    void run_traps();
    bool has_names(std::string_view text) const;
    Stream do_nothing(Call& call);
    std::string separators(const Call& call) const;
    void declare_word(Call& call, const Value& word);
    void add_search_path(const Call& call, const std::string& folder, Cell& to);

    // roles.cpp: options and operands to accesses, hosts and code
    void apply_arguments(Call& call);
    void apply_options(Call& call);
    void settle_hosts(Call& call);
    void apply_operands(Call& call, const FormRow& form);
    void apply_role(Call& call, const RoleRow& role, const Value& value, std::size_t index);
    void apply_unknown(Call& call);
    void apply_flags(Call& call);
    void touch(std::size_t slot, Act act, const Value& value, bool recursive, bool sent);
    void touch_role(Call& call, const RoleRow& role, const Value& value);
    void add_host(Call& call, Host host);
    void apply_repository(Call& call, const Value& value);
    void apply_package(Call& call, const Value& value);
    void apply_port(Call& call, const Value& value);
    void apply_item(Call& call, const Value& value);
    void apply_data(Call& call, const Value& value);
    void apply_host_path(Call& call, const RoleRow& role, const Value& value);
    void apply_git_config_env(Call& call, const Value& value);
    void apply_git_config(Call& call, const std::string& key, const Value& value);
    void apply_ssh_config(Call& call, const Value& value);

    // carried.cpp: commands and code that stand in words
    Stream carry(Call& call, std::vector<Value> argv, std::string via);
    void carry_code(Call& call, const std::string& language, const Value& text);
    std::vector<std::string> arguments_of_code(Call& call, const Value& text);
    void scan(Call& call, const std::string& language, const Value& text);
    std::string with_home(std::string path) const;
    void code_file(Call& call, const std::string& language, const Value& file, std::vector<Value> arguments);
    void code_from_stdin(Call& call, const std::string& language);
    void unknown_code(Call& call, const Value& text, const Taint& taint);

    // special.cpp: programs whose words a table cannot describe
    static const SpecialRow* find_special(std::string_view name);
    void special_find(Call& call);
    void special_xargs(Call& call);
    void special_fd(Call& call);
    void special_unpack(Call& call);
    void special_git(Call& call);
    void special_tar(Call& call);
    void special_socat(Call& call);
    void special_git_config(Call& call);
    void special_fetcher(Call& call);
    void special_docker(Call& call);
    void special_copy(Call& call);
    void note_link(Call& call);
    void special_dd(Call& call);
    void special_make(Call& call);
    std::vector<Value> cmake_tool(std::vector<Value> argv);
    void special_parallel(Call& call);
    void special_netcat(Call& call);

    // flows.cpp: what goes from where to where
    void follow_connections(Call& call);
    std::string program_at(const std::string& path) const;
    void follow_copy(const Call& call, Stream& out) const;
    void remember_file(const std::string& path, const Stream& stream);
    void mark_sent(const Taint& taint);

    // volume.cpp: what has no end, and what is too much
    void note_endless(Call& call, Stream& out);
    void note_huge(Call& call);
    void note_source(Call& call);
    void note_commands(Call& call);
    bool adds_to_own_input(const Call& call);
    void close_endless(const Stream& out, const Frame& frame);
    void look_at_written(std::size_t slot, const std::string& path, const Stream& stream);
    void note_fetched(Call& call, const Value& file);
    void note_downloads(Call& call);
    void note_opened(Call& call);
    void note_code_fetches(Call& call, const Scanned& found);

    // shared
    SimpleCommand& at(std::size_t slot) { return out_.commands[slot]; }
    std::size_t reserve(const Frame& frame, Span span);
    void add_fact(std::size_t slot, std::string_view fact);
    void add_opaque(std::size_t slot, Span span, std::string reason);
    std::vector<std::string> folders() const; // the current one, and what else it may be
    std::vector<std::string> absolute(std::string_view path) const;
    std::string through_links(std::string path) const;
    const Cell* file(std::string_view path) const;
    bool in_workspace(std::string_view path) const;
    void too_big(Span span, std::string reason);
    bool stopped() const { return out_.refused.has_value(); }

    NormalForm& out_;
    const Facts& facts_;
    State state_;
    static constexpr std::size_t kMaxTraps = 8;
    std::vector<Call> traps_; // that wait for the end
    std::vector<std::string> fetched_folders_;
    Cell fetched_; // what lies in them
    Budget budget_;
    std::deque<shell::Script> scripts_; // of code in words: functions point into them
    std::deque<std::string> texts_;
    std::deque<Stream> inputs_; // of a shell that changed its own: exec <file
    std::map<const shell::Command*, std::pair<std::string_view, std::optional<Span>>>
        functions_;                              // text, and span of the carrier
    std::set<std::size_t> remote_, bare_shells_; // slots: what they carry runs elsewhere; a shell that reads its input
    std::set<std::string> called_;
    std::vector<std::string> defined_;
    std::uint32_t pipelines_ = 0;
    std::size_t streams_ = 0, unrolled_ = 0, calls_ = 0, recursions_ = 0, links_ = 0;
};

} // namespace owhale::policy::normal
