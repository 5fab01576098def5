// What a step of the jail was at when it failed.
#pragma once

#include <cstdio>

namespace owhale::spawner {

struct Detail {
    char text[160] = {};
    void set(const char* first, const char* second = "") { std::snprintf(text, sizeof text, "%s%s", first, second); }
};

} // namespace owhale::spawner
