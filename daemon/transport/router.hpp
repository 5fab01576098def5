// From method and path to a route, with the permission that its verb asks for.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

#include "shared/verbs.hpp"
#include "transport/exchange.hpp"
#include "transport/target.hpp"

namespace owhale::transport {

struct Match {
    const Verb* verb = nullptr;
    const Route* route = nullptr;
    identity::Permission permission = identity::Permission::none;
    std::map<std::string, std::string> params;
};

class Router {
public:
    // Fails when a route names no row of the verb table, stands twice, or its row names no permission that exists.
    static Result<Router> make(std::vector<Route> routes);

    // The route, or the answer to a request that has none: 404, 405.
    std::expected<Match, Response> find(const std::string& method, const Target& target) const;

private:
    Response missing(const Target& target) const;

    struct Entry {
        const Verb* verb;
        std::vector<std::string_view> pattern;
        identity::Permission permission;
        Route route; // without any handler: a verb of the table that this daemon does not serve
    };
    std::vector<Entry> entries_;
};

} // namespace owhale::transport
