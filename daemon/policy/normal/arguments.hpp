// Words of a command as its program would read them: options with their values, sub-commands, operands.
//
// getopt_long(3): bundled short options, values attached or apart, --name=value, unambiguous beginnings of long names,
// "--" ends options, options after operands unless the program stops at the first. Options that the row does not name
// are taken for flags.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/normal/programs.hpp"
#include "policy/normal/value.hpp"

namespace owhale::policy {

struct GivenOption {
    std::string name; // canonical
    const OptionRow* row = nullptr;
    std::optional<Value> value;
    Span span;
};

struct Arguments {
    const ProgramRow* row = nullptr; // of the sub-command, where there is one
    const ProgramRow* program = nullptr;
    std::string sub;
    std::vector<GivenOption> options;
    std::vector<Value> operands; // after sub
    std::size_t rest = 0;        // index in argv of the first operand, for rows that stop there
    bool ended = false;          // "--" was there
    std::size_t kept = 0;        // operands before "--"

    bool has(std::string_view name) const;
    const Value* value_of(std::string_view name) const; // the last one's
};

Arguments read_arguments(const ProgramRow& row, const std::vector<Value>& argv);

// The form of operands that the given options choose; null: none.
const FormRow* form_of(const Arguments& arguments);

} // namespace owhale::policy
