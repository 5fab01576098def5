// Looks programs up.
#include "policy/normal/programs.hpp"

#include <algorithm>

#include "policy/normal/program_tables.hpp"

namespace owhale::policy {

bool ProgramRow::has(std::string_view flag) const {
    for (auto at = flags.find(flag); at != std::string_view::npos; at = flags.find(flag, at + 1))
        if (flags[at - 1] == ' ' && (flags[at + flag.size()] == ' ' || flags[at + flag.size()] == '=')) return true;
    return false;
}

std::string_view ProgramRow::value(std::string_view flag) const {
    for (auto at = flags.find(flag); at != std::string_view::npos; at = flags.find(flag, at + 1))
        if (flags[at - 1] == ' ' && flags[at + flag.size()] == '=') {
            const auto rest = flags.substr(at + flag.size() + 1);
            return rest.substr(0, rest.find(' '));
        }
    return {};
}

const ProgramRow* find_program(std::string_view name) {
    const auto rows = program_tables().programs;
    const auto found = std::ranges::lower_bound(rows, name, {}, [](const ProgramRow& row) { return row.name.view(); });
    return found != rows.end() && found->name == name ? &*found : nullptr;
}

std::span<const ProgramRow> program_rows() {
    return program_tables().programs;
}
std::span<const OptionRow> options_of(const ProgramRow& row) {
    return program_tables().options.subspan(row.first_option, row.options);
}
std::span<const FormRow> forms_of(const ProgramRow& row) {
    return program_tables().forms.subspan(row.first_form, row.forms);
}
std::span<const RoleRow> roles_of(const FormRow& form) {
    return program_tables().roles.subspan(form.first, form.count);
}

} // namespace owhale::policy
