#include "transport/router.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::transport;

namespace {

Handler nothing() {
    return [](Request&) -> asio::awaitable<Result<Response>> { co_return Response{}; };
}

std::vector<Route> routes(std::initializer_list<std::string_view> verbs) {
    std::vector<Route> all;
    for (const auto verb : verbs) all.push_back({verb, nothing(), {}});
    return all;
}

Response refused(const Router& router, const std::string& method, std::string_view path) {
    const auto match = router.find(method, *parse_target(path));
    REQUIRE_FALSE(match.has_value());
    return match.error();
}

bool holds(const Response& response, std::string_view text) {
    return response.body.find(text) != std::string::npos;
}

} // namespace

TEST_CASE("a route that does not fit the verb table does not start") {
    CHECK_FALSE(Router::make(routes({"runs.fly"})).has_value());
    CHECK_FALSE(Router::make(routes({"health", "health"})).has_value());
    CHECK(Router::make(routes({"health"})).has_value());
}

TEST_CASE("method and path find the route, its parameters included") {
    const auto router = Router::make(routes({"runs.show", "runs.remove", "runs.output"}));
    const auto show = router->find("GET", *parse_target("/v1/runs/a%2Fb"));
    REQUIRE(show.has_value());
    CHECK_EQ(show->verb->name, "runs.show");
    CHECK_EQ(show->params.at("id"), "a/b");
    CHECK_EQ(router->find("DELETE", *parse_target("/v1/runs/x"))->verb->name, "runs.remove");
    CHECK_EQ(router->find("HEAD", *parse_target("/v1/runs/x/output"))->verb->name, "runs.output");
}

TEST_CASE("an unknown path is 404 and names the nearest") {
    const auto router = Router::make(routes({"runs.list"}));
    CHECK_EQ(refused(*router, "GET", "/v1/run").status, 404);
    CHECK(holds(refused(*router, "GET", "/v1/run"), "Did you mean /v1/runs?"));
    CHECK(holds(refused(*router, "GET", "/v1/runs/"), "Did you mean /v1/runs?"));
    CHECK(holds(refused(*router, "GET", "/v1/runs/abc/outptu"), "Did you mean /v1/runs/abc/output?"));
    CHECK_EQ(refused(*router, "GET", "/V1/runs").status, 404);
    CHECK_EQ(refused(*router, "GET", "/v1/../v1/runs").status, 404);
    CHECK(refused(*router, "GET", "/" + std::string(10'000, 'x')).body.size() < 1'000);
}

TEST_CASE("a known path with another method is 405 with Allow") {
    const auto router = Router::make(routes({"runs.list", "runs.create"}));
    for (const auto* method : {"TRACE", "PUT", "DELETE", "OPTIONS", "get"}) {
        const auto response = refused(*router, method, "/v1/runs");
        CHECK_EQ(response.status, 405);
        CHECK_EQ(response.headers.at(0), std::pair<std::string, std::string>{"Allow", "POST, GET"});
    }
}

TEST_CASE("every permission of the verb table is one that exists") {
    CHECK(Router::make({}).has_value());
    for (const auto& verb : verbs()) CHECK_FALSE(verb.permission.empty());
}
