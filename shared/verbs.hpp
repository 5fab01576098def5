// The verb table: every operation of the API, once. The router, OpenAPI, the CLI's paths and the tests are made from it.
#pragma once

#include <span>
#include <string_view>

namespace owhale {

enum VerbTraits : unsigned {
    kStepUp = 1,    // needs the password with this very act, or an open window on this very connection
    kUnmetered = 2, // what reads or waits for one run of one's own: bounded by connections, not by the API's rate limit
    kLogin = 4,     // counted by the limit on logins instead
    kNarrows = 8,   // as kStepUp, but not of a token for an agent, which can only pass on less than it has
};

struct Verb {
    std::string_view name;       // "runs.create"
    std::string_view method;     // "POST"
    std::string_view path;       // "/v1/runs/{id}"
    std::string_view permission; // as identity::Permission is spelt; "none" for anyone who reaches the socket
    bool own;                    // has an {id} that belongs to a principal: another's answers 404
    std::string_view summary;    // one sentence for OpenAPI
    std::string_view request;    // message name in shared/api.hpp, "" none
    std::string_view response;   // message name, "" raw
    unsigned traits = 0;         // VerbTraits
};

std::span<const Verb> verbs();
const Verb* find_verb(std::string_view name);

} // namespace owhale
