#include "sandbox/state.hpp"

#include <boost/json/array.hpp>

#include "shared/openapi_facts.hpp"

#include "checks.hpp"

using namespace owhale;
using namespace owhale::sandbox;

TEST_CASE("every state has a name that is read back") {
    for (int i = 0; i <= static_cast<int>(State::lost); ++i) {
        const auto state = static_cast<State>(i);
        CHECK_EQ(state_of(name(state)), state);
    }
    CHECK_FALSE(state_of("sleeping"));
    CHECK_FALSE(state_of(""));
}

TEST_CASE("an end is an end") {
    for (int from = 0; from <= static_cast<int>(State::lost); ++from)
        for (int to = 0; to <= static_cast<int>(State::lost); ++to)
            if (ended(static_cast<State>(from)))
                CHECK_FALSE(may_follow(static_cast<State>(from), static_cast<State>(to)));
}

TEST_CASE("the ways of a run") {
    CHECK(may_follow(State::queued, State::starting));
    CHECK(may_follow(State::starting, State::running));
    CHECK(may_follow(State::running, State::exited));
    CHECK(may_follow(State::queued, State::denied));
    CHECK_FALSE(may_follow(State::queued, State::running)); // nothing runs that did not start
    CHECK_FALSE(may_follow(State::waiting_approval, State::running));
    CHECK_FALSE(may_follow(State::running, State::starting));
    CHECK_FALSE(may_follow(State::running, State::denied));
}

TEST_CASE("the description of the API names these states, in this order, and no other") {
    boost::json::array all;
    for (int i = 0; i <= static_cast<int>(State::lost); ++i) all.emplace_back(name(static_cast<State>(i)));
    CHECK_EQ(openapi_facts::words("run_state"), all);
}
