// Words of the tree to values: XCU 2.6 over what is known at that point.
//
// A variable that was set differently by two branches has alternatives: `choices` says which one is taken, and those that were met
// stand in `met`, so that the caller can go through all of them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "policy/normal/command.hpp"
#include "policy/normal/state.hpp"
#include "policy/request.hpp"
#include "policy/shell/ast.hpp"

namespace owhale::policy::normal {

class Substituter { // runs what stands in $(…), <(…) and >(…)
public:
    virtual ~Substituter() = default;
    virtual Stream substitute(const shell::Part& part) = 0;
    // A name that stands for the stream, for <(…).
    virtual std::string name_stream(const Stream& stream) = 0;
    // A text that the shell expands once more: ${x@P}, a value in arithmetic.
    virtual void expand_again(const std::string& text, Span span) = 0;
};

struct Budget {                  // of one normal form
    std::size_t bytes = 4 << 20; // of values
    std::size_t commands = 0;    // set by the walk
    bool exhausted = false;
    void spend(std::size_t count) {
        if (count > bytes) exhausted = true;
        bytes -= count > bytes ? bytes : count;
    }
};

class Expander {
public:
    Expander(State& state, const Facts& facts, Substituter& substituter, Budget& budget)
        : state_(state), facts_(facts), substituter_(substituter), budget_(budget) {}

    std::vector<Value> fields(const shell::Word& word); // of a command: split, several
    Value single(const shell::Word& word);              // of an assignment, a redirection, a here-document
    std::string pattern(const shell::Word& word);       // as shell_match takes it; holes stay
    std::string arithmetic_text(const shell::Part& part);
    void look_in_arithmetic(std::string_view text, bool decoded, int depth = 0);
    std::string run_arithmetic(std::string_view text, const std::vector<shell::Word>& words);

    Taint taint; // of all that was expanded
    std::vector<Opaque> opaque;
    std::map<std::string, std::size_t> choices, met; // met: name -> number of alternatives
    std::set<std::string> unknown;                   // variables of which nothing is known
    bool put_together = false;                       // a substring, a replacement: pieces of other texts
    std::map<const shell::Part*, Stream> ran;        // substitutions that were run already

private:
    struct Looked {
        bool set = false;
        std::string text;
        std::vector<std::string> list;
        bool several = false;
    };
    struct Fields;

    void part(const shell::Part& part, Fields& into, bool split);
    void parameter(const shell::Part& part, Fields& into, bool split);
    void substitution(const shell::Part& part, Fields& into, bool split);
    std::string tilde(const std::string& name);
    Looked look(const shell::Parameter& parameter, Span span);
    Looked look_name(const std::string& name, Span span);
    Looked special(const std::string& name, Span span, bool& is_special);
    Looked element(const Cell& cell, const shell::Parameter& parameter, Span span);
    const std::string& choose(const std::string& name, const Cell& cell);
    std::string operate(const shell::Parameter& parameter, Looked looked, Span span, bool& none);
    std::string change(const shell::Parameter& parameter, const std::string& text, Span span);
    std::string substring(const shell::Parameter& parameter, const std::string& text, Span span);
    std::vector<std::string> slice(const shell::Parameter& parameter, const std::vector<std::string>& list);
    std::string argument(const shell::Parameter& parameter, std::size_t index);
    std::string hole(Span span, std::string reason);
    const Stream& run(const shell::Part& part);

    State& state_;
    const Facts& facts_;
    Substituter& substituter_;
    Budget& budget_;
    int depth_ = 0;
    std::size_t looks_ = 512; // at what arithmetic may run
};

} // namespace owhale::policy::normal
