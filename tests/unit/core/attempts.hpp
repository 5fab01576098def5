// What a taken-over broker would try: one attempt each, with bad arguments where a good one would have an effect.
#pragma once

#include <span>

namespace owhale::test {

struct Attempt {
    const char* name;
    int (*act)();   // 0, or the errno
    int unconfined; // what it answers outside
    int confined;   // and what inside
};

std::span<const Attempt> attempts();

} // namespace owhale::test
