#include "config/modes.hpp"

#include <set>

#include "config/settings.hpp"

#include "checks.hpp"

using namespace owhale::config;

TEST_CASE("each row of the table differs between the modes, in words") {
    for (const auto& row : differences())
        CHECK_MESSAGE(words_for(row, *find_mode("local")) != words_for(row, *find_mode("strict")), row.name);
}

TEST_CASE("each row stands once") {
    std::set<std::string_view> names, members;
    for (const auto& row : differences()) {
        CHECK(names.insert(row.name).second);
        CHECK(members.insert(row.member).second);
    }
}

TEST_CASE("a row shows what a setting made of it") {
    Settings settings;
    settings.rules = find_mode("strict");
    settings.tcp = "10.0.0.1:7717";
    settings.tls = "on";
    settings.run_timeout = std::chrono::minutes(5);
    settings.unix_roles = "alice=admin";
    const auto now = [&](std::string_view name) {
        for (const auto& row : differences())
            if (row.name == name) return words_now(row, settings);
        return std::string("no such row");
    };
    CHECK_EQ(now("tcp"), "10.0.0.1:7717, TLS 1.3 only");
    CHECK_EQ(now("run-timeout"), "5m");
    CHECK_EQ(now("socket-roles"), "alice=admin, then none but root");
    CHECK_EQ(now("missing-layer"), "the run is refused");
    settings.rules = find_mode("local");
    settings.tcp = "off";
    settings.unix_roles.clear();
    CHECK_EQ(now("tcp"), "off");
    CHECK_EQ(now("socket-roles"), "*=agent");
}
