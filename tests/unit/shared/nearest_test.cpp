#include <array>
#include <string>

#include "shared/nearest.hpp"

#include "checks.hpp"

using owhale::nearest;

namespace {
constexpr std::array<std::string_view, 3> kWords = {"memory", "pids", "output"};
}

TEST_CASE("a typo finds its word, a stranger none") {
    CHECK_EQ(nearest("memry", kWords), "memory");
    CHECK_EQ(nearest("outptu", kWords), "output");
    CHECK_EQ(nearest("", kWords), std::nullopt);
    CHECK_EQ(nearest("elephant", kWords), std::nullopt);
    CHECK_EQ(nearest("pids", {}), std::nullopt);
    CHECK_EQ(nearest(std::string(1'000'000, 'm'), kWords), std::nullopt);
}
