// Which hosts of a command somebody has agreed to already: lines of the run's scope that are not the request's own words.
// Pure. It is only for runs whose network is scoped: egress holds them to the same lines, whatever the command does then.
#pragma once

#include <vector>

#include "policy/normal/command.hpp"
#include "shared/api_network.hpp"

namespace owhale::sandbox {

// Standing lines, the profile's and those of lists; without methods and paths, which egress looks at where the scope is
// inspected, and which otherwise make a line worth nothing.
std::vector<api::HostRule> agreed_of(const api::NetScope& scope);
// Sets policy::Host::agreed of those that one of these lines lets through with the port that is meant: what is not known
// before the run, and a scheme whose port is not known here, is agreed to by nobody.
void mark_agreed(policy::NormalForm& form, const std::vector<api::HostRule>& agreed);

// The hosts that a command surely names, each with the one port that is meant: those that are not known before the run, and
// this machine itself, are not among them. At most 64.
std::vector<api::HostRule> named_hosts(const policy::NormalForm& form);
// Puts in, as kFromCommand, those that no line has yet; none where an unknown host is no question.
void add_named(api::NetScope& scope, const std::vector<api::HostRule>& named);

} // namespace owhale::sandbox
