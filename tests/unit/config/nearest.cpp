#include "config/nearest.hpp"

#include <array>
#include <string>

#include "checks.hpp"

using owhale::config::nearest;

TEST_CASE("a typo finds the word that was meant") {
    constexpr std::array<std::string_view, 4> known = {"max-body", "max-runs", "mode", "state-dir"};
    CHECK_EQ(nearest("max_body", known), "max-body");
    CHECK_EQ(nearest("maxbody", known), "max-body");
    CHECK_EQ(nearest("mdoe", known), "mode");
    CHECK_EQ(nearest("stat-dir", known), "state-dir");
}

TEST_CASE("another word finds nothing") {
    constexpr std::array<std::string_view, 2> known = {"mode", "pids"};
    CHECK_EQ(nearest("colour", known), "");
    CHECK_EQ(nearest("", known), "");
    CHECK_EQ(nearest(std::string(100'000, 'm'), known), "");
}
