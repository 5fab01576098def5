#include "verbs/doctor_userns.hpp"

#include "checks.hpp"

using namespace owhale;

TEST_CASE("a setting that holds users back is told, and weakens nothing that runs") {
    const UsernsLimits open{15000, false, false}, ubuntu{15000, false, true}, none{0, false, false};
    CHECK_EQ(verbs::examine_userns(open, true).detail, "to root and to users");
    for (const bool rootless : {false, true}) {
        const auto check = verbs::examine_userns(ubuntu, rootless);
        CHECK_EQ(check.state, "ok");
        CHECK_NE(check.detail.find("apparmor_restrict_unprivileged_userns is 1"), std::string::npos);
        CHECK_EQ(check.detail.find("apparmor_parser -r") == std::string::npos, rootless);
        CHECK_EQ(verbs::examine_userns(none, rootless).state, "missing");
        CHECK_NE(verbs::examine_userns(none, rootless).fix, "");
    }
}
