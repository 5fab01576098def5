#include "shared/error.hpp"

#include "checks.hpp"

using namespace owhale;

TEST_CASE("an error of several lines is one in a line") {
    const Error error{
        Code::internal, "it is gone\nit was there", "put it back\nor do without, by:\n  mv a b\n  mv c d", 0, {}};
    CHECK_EQ(to_line(error), "it is gone; it was there (put it back; or do without, by: mv a b; mv c d)");
    CHECK_EQ(to_line({Code::internal, "what", "", ENOENT, {}}), "what: No such file or directory");
}
