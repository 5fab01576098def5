// Pairing codes as people type them, and the words of a key.
#include "shared/pairing/code.hpp"

#include <set>

#include "checks.hpp"
#include "shared/pairing/words.hpp"

using namespace owhale;
using namespace owhale::pairing;

TEST_CASE("a new code is eight characters that nobody mistakes, and none is like another") {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const auto code = new_code();
        CAPTURE(code);
        CHECK(code.size() == kCodeSize);
        CHECK(code.find_first_of("ILOUilou-") == std::string::npos);
        CHECK(*read_code(shown_code(code)) == code);
        CHECK(is_hint(hint_of(code)));
        seen.insert(code);
    }
    CHECK(seen.size() == 200);
}

TEST_CASE("case, blanks, dashes and look-alikes do not matter") {
    for (const char* typed : {"1K0M-9QXT", "1k0m9qxt", " lk0m 9qxt ", "IKOM--9QXT", "i-k-o-m-9-q-x-t", "\t1K0M9QXT"}) {
        CAPTURE(typed);
        const auto code = read_code(typed);
        REQUIRE(code);
        CHECK(*code == "1K0M9QXT");
    }
}

TEST_CASE("what is no code is refused") {
    for (const std::string typed :
         {"", "7K3M-9QX", "7K3M-9QXTA", "7K3M-9QXU", "7K3M/9QXT", "7K3M\n9QXT", "７K3M9QXT"}) {
        CAPTURE(typed);
        CHECK_FALSE(read_code(typed));
    }
    CHECK_FALSE(read_code("7K3M9QXT" + std::string(64, ' ')));
    CHECK_FALSE(is_hint("7"));
    CHECK_FALSE(is_hint("7k"));
    CHECK_FALSE(is_hint("7KM"));
}

TEST_CASE("words are the paper's: 127.0.0.1 is lusab-babad") {
    CHECK(word_of(0x7f00) == "lusab");
    CHECK(word_of(0x0001) == "babad");
    const auto words = words_of({});
    CHECK(words.size() == 23);
    CHECK(words != words_of({1}));
}

TEST_CASE("words are read as people type them") {
    for (const auto* typed : {"lusab-babad-gutih-tugad", "lusab babad gutih tugad", " LUSAB - Babad\tgutih--tugad- "})
        CHECK_EQ(read_words(typed), "lusab-babad-gutih-tugad");
    CHECK_EQ(read_words(""), "");
    CHECK_EQ(read_words(" - "), "");
    CHECK_NE(read_words("lusab-babad-gutihtugad"), "lusab-babad-gutih-tugad");
}
