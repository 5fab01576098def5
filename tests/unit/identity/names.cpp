#include "identity/names.hpp"

#include "checks.hpp"
#include "identity/principal.hpp"

using namespace owhale;
using namespace owhale::identity;

namespace {

std::string refusal(std::string_view name) {
    const auto checked = check_name(name);
    REQUIRE_FALSE(checked);
    CHECK_EQ(checked.error().code, Code::invalid_value);
    CHECK_FALSE(checked.error().next.empty());
    return checked.error().message;
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("names that are taken") {
    for (const auto* name : {"a", "alice", "a.b_c-d", "a1", "z0123456789abcdefghijklmnopqrstu"})
        CHECK(check_name(name));
}

TEST_CASE("a refused name is told which character and where") {
    CHECK(says(refusal(""), "empty"));
    CHECK(says(refusal("Alice"), "begins with the capital A"));
    CHECK(says(refusal("aliCe"), "holds the capital C"));
    CHECK(says(refusal("1a"), "begins with \"1\""));
    CHECK(says(refusal("-rf"), "begins with \"-\""));
    CHECK(says(refusal("a b"), "\" \""));
    CHECK(says(refusal("a/b"), "\"/\""));
    CHECK(says(refusal("a\nb"), "unseen character U+000A"));
    CHECK(says(refusal(std::string_view("a\0b", 3)), "U+0000"));
    CHECK(says(refusal("al\xd1\x96"
                       "ce"),
               "U+0456, which is not ASCII")); // a Cyrillic i
    CHECK(says(refusal("a\xe2\x80\xae"
                       "b"),
               "unseen character U+202E")); // right to left from here
    CHECK(says(refusal("a\xe2\x80\x8b"
                       "b"),
               "unseen character U+200B")); // zero width
    CHECK(says(refusal("a\xff"), "UTF-8"));
    CHECK(says(refusal(std::string(33, 'a')), "longer than 32"));
    CHECK(refusal(std::string(1'000'000, 'a')).size() < 200);
}

TEST_CASE("roles by name, each once, with the nearest for a typo") {
    CHECK_EQ(*roles_of({"admin", "agent"}), static_cast<std::uint32_t>(kAdmin | kAgent));
    CHECK_EQ(roles_of({}).error().code, Code::invalid_value);
    CHECK_EQ(*roles_of({}, true), 0u);
    CHECK_EQ(roles_of({"agent", "agent"}).error().code, Code::invalid_value);
    CHECK(says(roles_of({"agnet"}).error().next, "did you mean agent?"));
    CHECK_EQ(roles_of({"Admin"}).error().code, Code::invalid_value);
    CHECK_EQ(roles_of({""}).error().code, Code::invalid_value);
}

TEST_CASE("a label is shown as it is written") {
    CHECK(is_plain_text("nightly build — Zürich", 64));
    CHECK_FALSE(is_plain_text("", 64));
    CHECK_FALSE(is_plain_text("a\x1b[2J", 64));
    CHECK_FALSE(is_plain_text("a\xe2\x80\xa8"
                              "b",
                              64));
    CHECK_FALSE(is_plain_text("a\xc2\x85", 64));
    CHECK_FALSE(is_plain_text(std::string(65, 'a'), 64));
    CHECK_FALSE(is_plain_text("\xc0\xaf", 64));
}

TEST_CASE("a role covers what may no more") {
    CHECK(covers(kAdmin, kAgent));
    CHECK(covers(kAdmin, kAuditor));
    CHECK(covers(kAgent, kAgent));
    CHECK_FALSE(covers(kAgent, kAdmin));
    CHECK_FALSE(covers(kAgent, kAuditor));
    CHECK_FALSE(covers(kAuditor, kAgent));
    CHECK_FALSE(covers(0, kAgent));
    for (const auto wide : {kAdmin, kApprover}) CHECK_FALSE(covers(kMonitor, wide));
    CHECK_FALSE(covers(kAgent, kMonitor)); // everybody's counts
    CHECK_FALSE(covers(kMonitor, kAgent));
}
