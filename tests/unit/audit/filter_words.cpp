// What a filter of events means: exact words, patterns of known ones, and what is neither.
#include "audit/filter_words.hpp"

#include <algorithm>

#include "checks.hpp"

using namespace owhale;
using namespace owhale::audit;

namespace {

std::vector<std::string_view> of(Word word, std::string_view list) {
    const auto out = chosen(word, list);
    REQUIRE(out);
    return *out;
}

std::size_t count_beginning(Word word, std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(known_words(word), [text](auto one) { return one.starts_with(text); }));
}

} // namespace

TEST_CASE("a star is any text, none too, at every place") {
    for (const auto* pattern : {"run.denied", "*", "**", "run*", "run.*", "*denied", "r*d", "*n.d*", "run.denied*",
                                "*run.denied", "r*.*d", "*e*e*"}) {
        CAPTURE(pattern);
        CHECK(fits(pattern, "run.denied"));
    }
    for (const auto* pattern :
         {"", "run", "run.", "runs*", "*deniedx", "x*", "r*x*d", "*e*e*e*", "run.denied*d", "*.*.*"}) {
        CAPTURE(pattern);
        CHECK_FALSE(fits(pattern, "run.denied"));
    }
    CHECK(fits("*", ""));
}

TEST_CASE("a pattern is all known words that it fits, each once; an exact word is itself") {
    CHECK(of(Word::event, "run*").size() == count_beginning(Word::event, "run"));
    CHECK(of(Word::event, "run*,run.*,run.denied").size() == count_beginning(Word::event, "run"));
    CHECK(of(Word::verb, "runs.*").size() == count_beginning(Word::verb, "runs."));
    CHECK(of(Word::outcome, "den*") == std::vector<std::string_view>{"denied", "deny"});
    CHECK(of(Word::outcome, "running,exited") == std::vector<std::string_view>{"running", "exited"});
    CHECK(of(Word::event, "of.tomorrow") == std::vector<std::string_view>{"of.tomorrow"});
    CHECK(of(Word::event, "nothing*").empty());
    for (const auto* all : {"*", "run.denied,*", "**"}) CHECK_FALSE(chosen(Word::event, all));
}

TEST_CASE("what is not known is refused, with what is close") {
    CHECK(check_words(Word::event, "event", ""));
    CHECK(check_words(Word::event, "event", "run.denied,secret*,*"));
    CHECK(check_words(Word::verb, "verb", "runs.create,pair.prove"));
    for (const auto outcome : known_words(Word::outcome)) CHECK(check_words(Word::outcome, "outcome", outcome));
    struct Case {
        Word word;
        const char *list, *said;
    };
    for (const auto& [word, list, said] :
         {Case{Word::event, "run.strat", "run.start"}, Case{Word::event, "run.start,", "no event is called ''"},
          Case{Word::event, "nothing*", "'nothing*'"}, Case{Word::event, "runs.create", "it is a verb"},
          Case{Word::verb, "run.denied", "it is an event"}, Case{Word::verb, "runs.craete", "runs.create"},
          Case{Word::outcome, "deneid", "denied"}, Case{Word::outcome, "ok,bogus*", "limit_exceeded"},
          Case{Word::outcome, ".*", "no event has the outcome '.*'"}}) {
        CAPTURE(list);
        const auto checked = check_words(word, "x", list);
        REQUIRE_FALSE(checked);
        CHECK(checked.error().code == Code::invalid_value);
        CHECK_MESSAGE(to_line(checked.error()).find(said) != std::string::npos, to_line(checked.error()));
    }
}

TEST_CASE("a pattern of many stars costs no more than its length") {
    std::string pattern, text(250, 'a');
    for (int i = 0; i < 125; ++i) pattern += "a*";
    CHECK(fits(pattern, text));
    CHECK_FALSE(fits(pattern + "b", text));
}
