#include "mcp/tool.hpp"

#include <boost/mp11.hpp>
#include <doctest/doctest.h>
#include <set>

#include "mcp/arguments.hpp"
#include "shared/codec.hpp"

using namespace owhale::mcp;

namespace {

template <typename T> std::set<std::string> members() {
    std::set<std::string> names;
    boost::mp11::mp_for_each<owhale::codec::detail::Members<T>>(
        [&](auto member) { names.emplace(owhale::codec::detail::key_of(member.name)); });
    return names;
}

std::set<std::string> properties(std::string_view tool) {
    std::set<std::string> names;
    for (const auto& property : described(*find_tool(tool)).at("inputSchema").at("properties").as_object())
        names.emplace(property.key());
    return names;
}

} // namespace

TEST_CASE("what the schemas say is what the codec reads") {
    CHECK((properties("run_command") == members<RunCommand>()));
    CHECK((properties("run_code") == members<RunCode>()));
    CHECK((properties("check_command") == members<CheckCommand>()));
    CHECK((properties("list_runs") == members<ListRuns>()));
    CHECK((properties("get_output") == members<GetOutput>()));
    CHECK((properties("send_input") == members<SendInput>()));
    CHECK((properties("kill_run") == members<KillRun>()));
}

TEST_CASE("no tool decides anything") {
    CHECK_EQ(tools().size(), 7);
    for (const auto& tool : tools()) {
        CHECK(tool.name.find("approv") == std::string_view::npos);
        CHECK(described(tool).at("outputSchema").at("additionalProperties") == false);
    }
}
