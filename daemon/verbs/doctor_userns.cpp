#include "verbs/doctor_userns.hpp"

namespace owhale::verbs {

// Whoever reads this has an owhaled that started: a setting of users' namespaces alone does not hold this one back.
api::Check examine_userns(const UsernsLimits& limits, bool rootless) {
    api::Check check{"user namespaces allowed", "ok", "to root and to users", "", ""};
    if (const auto all = hindrance(limits, true); !all.what.empty()) {
        check.state = "missing";
        check.detail = all.what;
        check.lost = "no further cage can be built";
        check.fix = all.fix;
    } else if (const auto users = hindrance(limits, false); !users.what.empty()) {
        check.detail = users.what + (rootless ? "; owhaled is let have them"
                                              : "; root's owhaled is not held back, a rootless one: " + users.fix);
    }
    return check;
}

} // namespace owhale::verbs
