// Follows constants and calls through the tokens of a program, as far as its text alone tells them.
//
// An expression is read to a Thing: a text with holes, a list of texts, a name. Recursion is bounded; each token is read once.
#pragma once

#include <map>
#include <memory>
#include <set>

#include <optional>

#include "policy/normal/code.hpp"
#include "policy/normal/tokens.hpp"

namespace owhale::policy::normal {

struct Thing {          // what an expression is, as far as it is known
    bool known = false; // `text` or `list` says something, perhaps with holes
    bool is_list = false, is_object = false, is_name = false, decoded = false, fetched = false, secret = false;
    bool any = false; // of a list: one of its elements
    std::string text; // a name's: its parts joined by dots
    std::vector<std::string> list;
    std::shared_ptr<const std::vector<Thing>> parts; // a list's or object's elements as they are; may be absent
    std::string variable;                            // where it was found
    std::string keyword;                             // of an argument or an object's member: what it is called
};

constexpr std::size_t kMaxList = 64; // of what is kept of a list

class Evaluator {
public:
    Evaluator(const LanguageRow& language, std::string_view text, Scanned& out, std::vector<std::string> args);
    void run();

private:
    using Arguments = std::vector<Thing>;

    const Token* peek(std::size_t ahead = 0) const {
        return at_ + ahead < tokens_.size() ? &tokens_[at_ + ahead] : nullptr;
    }
    bool is(std::string_view text, std::size_t ahead = 0) const;
    bool is_name(std::size_t ahead = 0) const;

    void pass();
    void take_arguments();
    void loops();
    bool loop_over(std::size_t at);
    void bind_each(const Thing& all);
    void statement(int depth = 0);
    bool assign_several();
    void definition();
    void import();
    void bind(const std::string& name, Thing value);
    Thing expression(int depth);
    Thing term(int depth);
    Thing name(int depth);
    Thing after(Thing base, int depth); // calls, members, subscripts
    Thing bracketed(std::string_view close, int depth);
    void awk_operators(Thing& value, int depth);
    void awk_line(int depth);
    void add_access(Act act, const std::string& path);
    Thing awk_concatenated(int depth);

    // braces.cpp
    Thing braced(int depth);
    void block(int depth);
    Thing object(int depth);
    bool opens_block() const;

    // formatting.cpp
    Thing filled(const std::string& text, int depth);
    Thing put_in(const std::string& expression, int depth);
    Thing formatted(const Thing& format, const Arguments& given) const;
    Thing replaced(const Thing& text, const Arguments& given) const;
    Thing substituted(Thing value);

    // callbacks.cpp
    bool is_executor(const std::string& name) const;
    std::optional<Thing> call_by_name(const std::string& name, const Thing& base, const Arguments& given);
    std::optional<Thing> attribute(const std::string& name, const Thing& base, const Arguments& given);
    std::optional<Thing> call_back(const Thing& base, const Arguments& given);
    void run_callback(const std::string& name, const Arguments& given);
    std::optional<Thing> mutate(const std::string& last, const Thing& base, const Arguments& given);
    std::optional<Thing> call_own(const std::string& name, const Arguments& given);
    std::string imported(const std::string& name) const;
    std::string folder_of(const Arguments& given) const;
    std::string in_folder(std::string path) const;
    void emit_shell(std::string text, const std::string& folder);
    void emit_words(std::vector<std::string> words, const std::string& folder);

    Arguments arguments(std::string_view close, int depth);
    Arguments bare_arguments(int depth);
    Arguments words(int depth);
    Thing subscript(Thing base, int depth);
    Thing member_of(const std::string& base, const std::string& member);
    Thing call(const std::string& called, const Thing& base, Arguments given);
    void awk_flows();

    // effects.cpp
    Thing apply(Effect effect, const std::string& called, const Thing& base, const Arguments& given);
    Thing fold(const std::string& called, const Thing& base, const Arguments& given, bool& done);
    void run_shell(const Arguments& given, const std::string& called);
    void run_words(const Arguments& given, bool repeats);
    void run_code(const Arguments& given);
    void touch(Act act, const Thing& base, const Arguments& given, bool recursive = false, std::size_t index = 0);
    void open(const Thing& base, const Arguments& given, const std::string& called);
    void connect(const Arguments& given, bool listens);
    void fetch(const Thing& base, const Arguments& given, bool sends);
    Thing listed(const std::string& called, const Thing& base, const Arguments& given);
    Thing decode(const std::string& called, const Arguments& given);
    void add_fact(std::string_view fact);

    const LanguageRow& language_;
    Scanned& out_;
    std::vector<std::string> args_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    std::map<std::string, Thing> values_;
    std::map<std::string, std::string> names_; // what an import calls it
    std::set<std::string> called_;
    std::vector<std::string> star_;          // modules of which everything is imported
    std::map<std::string, Arguments> given_; // to functions of the code's own, in calls
    std::map<std::string, std::vector<std::string>> parameters_;
    std::map<std::string, Thing> returns_;
    std::string function_, folder_; // that is being defined; that the code has gone to, "" its own
    bool printing_ = false, first_ = true;
    bool socket_ = false, dup_ = false, sends_ = false, shell_ = false, receiver_ = false;
};

} // namespace owhale::policy::normal
