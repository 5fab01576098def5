// What a standing grant of a request could be: read from its normal form. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/api_approvals.hpp"

namespace owhale::approvals {

// What the policy's reading says about granting a plan for more than once.
struct Reading {
    std::optional<std::string> refused; // why it can be agreed to once only, whoever trusts what
    std::string workspace_code; // a sentence when it runs code of the workspace that nothing binds; "" it does not
    // The same for two commands that differ in operands alone: programs, sub-commands, options, hosts, kinds of access.
    std::string shape;
};

// `verdict` is on that plan; its environment is not known here, so what depends on it is taken for unknown.
Reading read(const api::Frozen& frozen, const api::Verdict& verdict);
api::GrantOffer offer(const api::Frozen& frozen, const api::Verdict& verdict);

} // namespace owhale::approvals
