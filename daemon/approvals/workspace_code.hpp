// Commands that run code of the workspace although the policy's reading has no word for it: hooks, above all.
#pragma once

#include <string_view>

namespace owhale::approvals {

bool runs_workspace_code(std::string_view program, std::string_view sub);

} // namespace owhale::approvals
