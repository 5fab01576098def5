#include "cli/tree.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>

#include "cli/habits.hpp"
#include "cli/help.hpp"
#include "shared/nearest.hpp"

namespace owhale::cli {

struct Command::Node {
    struct Tail {
        std::vector<std::string>* words;
        std::string name, help;
        std::size_t after;
        std::string option;
    };
    struct Detail {
        Kind kind = Kind::text;
        std::vector<std::string> choices;
        std::string metavar;
        bool hidden = false;
    };

    CLI::App* app = nullptr;
    Node* parent = nullptr;
    std::unique_ptr<CLI::App> owned; // the root's
    std::vector<std::unique_ptr<Node>> subs;
    std::map<const CLI::Option*, Detail> details;
    std::optional<Tail> tail;
    Handler handler;
    Exits exits = Exits::plain;

    std::string path() const { return parent == nullptr ? app->get_name() : parent->path() + " " + app->get_name(); }
    Node* sub(const std::string& name) const {
        for (const auto& one : subs)
            if (one->app->get_name() == name) return one.get();
        return nullptr;
    }
    // The option of this name here or above.
    std::pair<Node*, CLI::Option*> option(const std::string& name) {
        for (Node* node = this; node != nullptr; node = node->parent)
            if (auto* found = node->app->get_option_no_throw(name); found != nullptr && found->nonpositional())
                return {node, found};
        return {nullptr, nullptr};
    }
};

namespace {

using Node = Command::Node;

bool is_flag(const CLI::Option& option) {
    return option.get_items_expected_max() == 0;
}

std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const auto& name : option.get_snames()) names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) names.push_back("--" + name);
    return names;
}

// The command line before CLI11 sees it: the options of the whole tool may stand anywhere before the words of a
// command that is to run, and those words are not options of ours, whatever they look like.
class Scan {
public:
    explicit Scan(Node& root) : node_(&root) {}

    Status all(const std::vector<std::string>& arguments) {
        for (at_ = 0; at_ < arguments.size(); ++at_) {
            const auto& argument = arguments[at_];
            if (tail_begins(argument)) {
                tail_.assign(arguments.begin() + static_cast<std::ptrdiff_t>(at_), arguments.end());
                break;
            }
            if (argument == "--" && !only_words_)
                only_words_ = true;
            else if (only_words_ || argument.size() < 2 || argument.front() != '-')
                CHECK(word(argument));
            else if (argument.starts_with("--"))
                CHECK(long_option(argument, arguments));
            else
                CHECK(short_options(argument, arguments));
        }
        if (node_->tail) *node_->tail->words = tail_;
        return help_ || !node_->handler ? Status{} : count_words();
    }

    Node& node() const { return *node_; }
    bool help() const { return help_; }

    // As CLI11 takes them: in reverse.
    std::vector<std::string> arguments() const {
        std::vector<std::string> all = globals_;
        all.insert(all.end(), path_.begin(), path_.end());
        all.insert(all.end(), options_.begin(), options_.end());
        if (!words_.empty()) all.emplace_back("--");
        all.insert(all.end(), words_.begin(), words_.end());
        std::reverse(all.begin(), all.end());
        return all;
    }

private:
    // A command's words begin at a word, once the positionals before it are there; after --, whatever it looks like.
    bool tail_begins(const std::string& argument) const {
        if (!node_->tail || (argument == "--" && !only_words_)) return false;
        const auto& tail = *node_->tail;
        const auto needed = tail.after - (option_seen_ && tail.after > 0 ? 1 : 0);
        if (words_.size() < needed) return false;
        return only_words_ || argument.size() < 2 || argument.front() != '-';
    }

    // Whether there are as many words as the command takes.
    Status count_words() const {
        std::size_t least = 0;
        std::string all, missing;
        for (const auto* option : std::as_const(*node_->app).get_options()) {
            if (!option->get_positional()) continue;
            const auto name = option->get_name(true, false);
            if (option->get_items_expected_max() > 1) {
                if (!option->get_required() || least < words_.size()) return {};
                return wrong(command() + " needs " + (missing.empty() ? name : missing));
            }
            if (least++ == words_.size()) missing = name;
            all += (all.empty() ? "one " : " and one ") + name;
        }
        if (!missing.empty()) return wrong(command() + " needs " + missing);
        if (words_.size() <= least) return {};
        return wrong(command() + " takes " + (least == 0 ? "no words of its own" : all) + ": '" + words_[least] +
                     "' is one too many");
    }

    Status word(const std::string& argument) {
        if (Node* sub = node_->sub(argument); sub != nullptr && !only_words_) {
            node_ = sub;
            path_.push_back(argument);
            return {};
        }
        if (!node_->subs.empty()) return unknown("command", argument, sub_names());
        words_.push_back(argument);
        return {};
    }

    Status long_option(const std::string& argument, const std::vector<std::string>& arguments) {
        const auto equals = argument.find('=');
        const auto name = argument.substr(0, equals);
        if (name == "--help") return ask_help();
        const auto [owner, option] = node_->option(name);
        if (option == nullptr) return unknown("option", name, option_names());
        if (equals != std::string::npos && is_flag(*option)) return wrong(name + " takes no value");
        if (equals != std::string::npos) return add(owner, name, argument.substr(equals + 1));
        if (is_flag(*option)) return add(owner, name);
        return next_value(owner, name, arguments);
    }

    Status short_options(const std::string& argument, const std::vector<std::string>& arguments) {
        for (std::size_t i = 1; i < argument.size(); ++i) {
            const std::string name = {'-', argument[i]};
            if (name == "-h") return ask_help();
            const auto rest = argument.substr(i + 1);
            if (name == "-v" && node_->tail && looks_like_volume(rest.empty() ? after(arguments) : rest))
                return fail(Code::bad_request, node_->path() + " mounts no volumes, and -v means verbose here",
                            std::string(*instead_of("run", "--volume")));
            const auto [owner, option] = node_->option(name);
            if (option == nullptr) return unknown("option", name, option_names());
            if (is_flag(*option)) {
                CHECK(add(owner, name));
                continue;
            }
            if (!rest.empty()) return add(owner, name, rest);
            return next_value(owner, name, arguments);
        }
        return {};
    }

    std::string after(const std::vector<std::string>& arguments) const {
        return at_ + 1 < arguments.size() ? arguments[at_ + 1] : std::string();
    }

    Status next_value(const Node* owner, const std::string& name, const std::vector<std::string>& arguments) {
        if (at_ + 1 >= arguments.size()) return wrong(name + " needs a value");
        return add(owner, name, arguments[++at_]);
    }

    Status check_choice(const Node* owner, const std::string& name, const std::string& value) const {
        const auto found = owner->details.find(owner->app->get_option_no_throw(name));
        if (found == owner->details.end() || found->second.choices.empty()) return {};
        std::string all;
        for (const auto& choice : found->second.choices) {
            if (choice == value) return {};
            all += (all.empty() ? "" : ", ") + choice;
        }
        return wrong(name + " '" + value + "' is none of " + all);
    }

    Status add(const Node* owner, const std::string& name, const std::optional<std::string>& value = {}) {
        if (value) CHECK(check_choice(owner, name, *value));
        auto& list = owner->parent == nullptr ? globals_ : options_;
        list.push_back(name);
        if (value) list.push_back(*value);
        if (node_->tail && name == node_->tail->option) option_seen_ = true;
        return {};
    }

    Status ask_help() {
        help_ = true;
        return {};
    }

    // "run" or "runs ls"; "" at the top.
    std::string command() const {
        const auto path = node_->path();
        const auto space = path.find(' ');
        return space == std::string::npos ? "" : path.substr(space + 1);
    }

    std::unexpected<Error> wrong(const std::string& message) const {
        const auto words = command();
        return fail(Code::bad_request, message,
                    "owhalectl help" + (words.empty() ? "" : " " + words) + " shows what there is");
    }

    std::unexpected<Error> unknown(const std::string& what, const std::string& name,
                                   const std::vector<std::string>& known) const {
        auto error = wrong(node_->path() + " has no " + what + " '" + name + "'");
        const std::vector<std::string_view> views(known.begin(), known.end());
        if (const auto instead = instead_of(command(), name))
            error.error().next = *instead;
        else if (const auto near = nearest(name, views))
            error.error().next = "did you mean " + std::string(*near) + "? " + error.error().next;
        return error;
    }

    std::vector<std::string> sub_names() const {
        std::vector<std::string> names;
        for (const auto& sub : node_->subs) names.push_back(sub->app->get_name());
        return names;
    }

    std::vector<std::string> option_names() const {
        std::vector<std::string> names;
        for (const Node* node = node_; node != nullptr; node = node->parent)
            for (const auto* option : std::as_const(*node->app).get_options())
                for (auto& name : names_of(*option)) names.push_back(std::move(name));
        return names;
    }

    Node* node_;
    std::size_t at_ = 0;
    bool only_words_ = false, option_seen_ = false, help_ = false;
    std::vector<std::string> globals_, path_, options_, words_, tail_;
};

std::unique_ptr<Node> make_node(CLI::App* app, Node* parent) {
    auto node = std::make_unique<Node>();
    node->app = app;
    node->parent = parent;
    app->set_help_flag();
    return node;
}

Described describe_node(const Node& node) {
    Described out;
    out.name = node.app->get_name();
    out.help = node.app->get_description();
    for (const auto* option : std::as_const(*node.app).get_options()) {
        const auto found = node.details.find(option);
        const auto detail = found == node.details.end() ? Node::Detail{} : found->second;
        if (option->get_positional()) {
            if (detail.hidden) continue;
            out.positionals.push_back({option->get_name(true, false), detail.kind, detail.choices,
                                       option->get_items_expected_max() > 1, option->get_required()});
            continue;
        }
        out.options.push_back(
            {names_of(*option), detail.metavar, option->get_description(), detail.kind, detail.choices});
    }
    if (node.tail) {
        out.positionals.push_back({node.tail->name, Kind::text, {}, false, true});
        out.runs_command = true;
    }
    for (const auto& sub : node.subs) out.commands.push_back(describe_node(*sub));
    return out;
}

} // namespace

Command Command::sub(const std::string& name, const std::string& help) {
    node_.app->require_subcommand(1);
    node_.subs.push_back(make_node(node_.app->add_subcommand(name, help), &node_));
    return Command(*node_.subs.back());
}

void Command::flag(const std::string& names, bool& value, const std::string& help) {
    node_.app->add_flag(names, value, help);
}

void Command::option(const std::string& names, std::string& value, const std::string& metavar, const std::string& help,
                     Kind kind, std::vector<std::string> choices) {
    auto* option = node_.app->add_option(names, value, help);
    if (!choices.empty()) option->check(CLI::IsMember(choices));
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    node_.details[option] = {kind, std::move(choices), metavar, false};
}

void Command::options(const std::string& names, std::vector<std::string>& values, const std::string& metavar,
                      const std::string& help, Kind kind) {
    auto* option = node_.app->add_option(names, values, help)->allow_extra_args(false);
    node_.details[option] = {kind, {}, metavar, false};
}

void Command::positional(const std::string& name, std::string& value, const std::string& help, Kind kind,
                         std::vector<std::string> choices) {
    auto* option = node_.app->add_option(name, value, help)->required();
    node_.details[option] = {kind, std::move(choices), {}, false};
}

void Command::positionals(const std::string& name, std::vector<std::string>& values, const std::string& help, Kind kind,
                          bool required) {
    auto* option = node_.app->add_option(name, values, help)->required(required);
    node_.details[option] = {kind, {}, {}, false};
}

void Command::refused_words(std::vector<std::string>& values) {
    auto* option = node_.app->add_option("WORD", values);
    node_.details[option] = {Kind::text, {}, {}, true};
}

void Command::tail(std::vector<std::string>& words, const std::string& name, const std::string& help, std::size_t after,
                   const std::string& option) {
    node_.tail = Node::Tail{&words, name, help, after, option};
}

void Command::handler(Handler handler, Exits exits) {
    node_.handler = std::move(handler);
    if (!node_.subs.empty()) node_.app->require_subcommand(0, 1); // good by itself as well: freeze, freeze ls
    node_.exits = exits;
}

Tree::Tree(const std::string& name, const std::string& help) {
    auto app = std::make_unique<CLI::App>(help, name);
    top_ = make_node(app.get(), nullptr);
    top_->owned = std::move(app);
}

Tree::~Tree() = default;

Command Tree::root() {
    return Command(*top_);
}

std::expected<Tree::Parsed, Tree::Wrong> Tree::parse(const std::vector<std::string>& arguments) {
    Scan scan(*top_);
    auto scanned = scan.all(arguments);
    const auto& node = scan.node();
    if (scan.help()) return Parsed{{}, Exits::plain, help_text(describe_node(node), node.path())};
    if (!scanned) return std::unexpected(Wrong{std::move(scanned).error(), node.exits});
    if (!node.handler) return Parsed{{}, Exits::plain, help_text(describe_node(node), node.path())};
    try {
        top_->app->parse(scan.arguments());
    } catch (const CLI::Error& error) {
        const auto words = node.path().substr(top_->path().size());
        return std::unexpected(
            Wrong{Error{Code::bad_request, error.what(), "owhalectl help" + words + " shows how it is used", 0, {}},
                  node.exits});
    }
    return Parsed{node.handler, node.exits, {}};
}

Result<std::string> Tree::help(const std::vector<std::string>& words) const {
    const Node* node = top_.get();
    for (const auto& word : words) {
        const Node* sub = node->sub(word);
        if (sub == nullptr)
            return fail(Code::bad_request, node->path() + " has no command '" + word + "'",
                        "owhalectl help shows what there is");
        node = sub;
    }
    return help_text(describe_node(*node), node->path());
}

Described Tree::describe() const {
    return describe_node(*top_);
}

} // namespace owhale::cli
