#include "base/uuid.hpp"

#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"

#include "checks.hpp"

using namespace owhale;

TEST_CASE("ids have RFC 9562's version 7 form") {
    freeze_wall_clock(0x017f22e279b0 * std::int64_t{1000}); // the RFC's example: 2022-02-22T19:22:22Z
    const auto text = to_string(make_uuid());
    freeze_wall_clock(0);
    CHECK_EQ(text.size(), 36);
    CHECK_EQ(text.substr(0, 15), "017f22e2-79b0-7");
    CHECK_NE(std::string("89ab").find(text[19]), std::string::npos);
}

TEST_CASE("ids differ and come back from their text") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto uuid = make_uuid();
        CHECK_EQ(*parse_uuid(to_string(uuid)), uuid);
        seen.insert(to_string(uuid));
    }
    CHECK_EQ(seen.size(), 1000);
}

TEST_CASE("only the exact form is an id") {
    const std::string good = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    CHECK(parse_uuid(good));
    const std::vector<std::string> wrong = {"",
                                            good.substr(1),
                                            good + "0",
                                            "017F22E2" + good.substr(8),
                                            "g" + good.substr(1),
                                            good.substr(0, 8) + "0" + good.substr(9),
                                            "../../../etc/passwd"};
    for (const auto& text : wrong) CHECK_MESSAGE(!parse_uuid(text), text);
}
