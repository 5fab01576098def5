// The tables that embed_programs writes.
#pragma once

#include <span>

#include "policy/normal/programs.hpp"

namespace owhale::policy {

struct ProgramTables {
    std::span<const ProgramRow> programs; // sorted by name
    std::span<const OptionRow> options;
    std::span<const FormRow> forms;
    std::span<const RoleRow> roles;
};

ProgramTables program_tables();

} // namespace owhale::policy
