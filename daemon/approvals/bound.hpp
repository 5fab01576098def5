// What a plan must be for a standing grant to cover it: everything that was agreed to, but for what a template lets vary. Pure.
//
// The environment counts too, but for what tells language, time zone and terminal: a variable can make another program of
// the same words. So do the working folder, the network, the hosts, ports, secrets and brokers that were asked for beside the
// command or that it names, and what was given on stdin.
#pragma once

#include <boost/describe.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "approvals/template.hpp"
#include "shared/api_approvals.hpp"

namespace owhale::approvals {

struct Bound {
    std::string verb, cwd, net, profile_digest, stdin_digest, joined;
    std::uint32_t uid = 0;
    bool workspace_writable = false;
    std::optional<std::vector<std::string>> argv, template_, args; // template_: in place of argv
    std::optional<std::string> script;
    std::map<std::string, std::string> environment; // of what counts, to SHA-256 of the value
    std::vector<api::FrozenFile> files;
    std::string shape;                  // of a template: approvals/offer.hpp
    std::string rule, severity, policy; // of the verdict
    std::optional<api::NetScope>
        scope; // what the plan itself asked for or named of a scoped network, no standing lines
};
BOOST_DESCRIBE_STRUCT(Bound, (),
                      (verb, cwd, net, profile_digest, stdin_digest, joined, uid, workspace_writable, argv, template_,
                       args, script, environment, files, shape, rule, severity, policy, scope))

Bound bind(const api::Frozen& frozen, const api::Verdict& verdict);

struct Fit {
    enum class How {
        none,   // it is about something else
        covers, // but for `paths`, in which no component may be a link
        void_,  // it was about this, and what it was given for has changed: `because`
    };
    How how = How::none;
    std::vector<std::string> paths;
    std::string because; // a sentence
};
// Principal, workspace and profile are the same already. `shape` is of the plan.
Fit fit(const Bound& bound, const api::Frozen& frozen, const api::Verdict& verdict, std::string_view shape);

} // namespace owhale::approvals
