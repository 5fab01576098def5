#include "identity/bounds.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::identity;

TEST_CASE("a profile is the maker's or any") {
    CHECK_EQ(*narrow_profile("", std::nullopt), "");
    CHECK_EQ(*narrow_profile("", "build"), "build");
    CHECK_EQ(*narrow_profile("build", std::nullopt), "build");
    CHECK_EQ(*narrow_profile("build", "build"), "build");
    CHECK_EQ(narrow_profile("build", "default").error().code, Code::forbidden);
    for (const auto* name : {"", "../x", "a b", "A"})
        CHECK_EQ(narrow_profile("", name).error().code, Code::invalid_value);
}

TEST_CASE("a folder is the maker's or below it, whatever its name begins with") {
    CHECK_EQ(*narrow_cwd("", "/srv/a"), "/srv/a");
    CHECK_EQ(*narrow_cwd("/srv/a", std::nullopt), "/srv/a");
    CHECK_EQ(*narrow_cwd("/srv/a", "/srv/a/b"), "/srv/a/b");
    CHECK_EQ(*narrow_cwd("/", "/srv"), "/srv");
    CHECK_EQ(narrow_cwd("/srv/a", "/srv").error().code, Code::forbidden);
    CHECK_EQ(narrow_cwd("/srv/a", "/srv/ab").error().code, Code::forbidden);
    for (const auto* path : {"", "srv", "/srv/a/../b", "/srv//a", "/srv/./a", "/srv/", "/a\nb"})
        CHECK_EQ(narrow_cwd("/srv", path).error().code, Code::invalid_value);
    CHECK_EQ(narrow_cwd("", "/" + std::string(5000, 'a')).error().code, Code::invalid_value);
}
