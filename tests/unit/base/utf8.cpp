#include "base/utf8.hpp"

#include <string>

#include "checks.hpp"

using namespace owhale;

TEST_CASE("a text is cut between two characters") {
    const std::string text = "a\xc3\xa4\xf0\x9f\x90\x8b"; // a, ä, a whale
    const std::size_t sizes[] = {0, 1, 1, 3, 3, 3, 3, 7, 7};
    for (std::size_t most = 0; most < std::size(sizes); ++most) {
        CAPTURE(most);
        CHECK(size_to_cut(text, most) == sizes[most]);
    }
    CHECK(size_to_cut("\x80\x80\x80", 2) == 0); // no character begins there
    CHECK(size_to_cut("", 5) == 0);
}
