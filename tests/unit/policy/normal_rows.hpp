// Commands with the normal form that they must have, as text.
#pragma once

#include <doctest/doctest.h>

#include <span>
#include <string>

#include "policy/normal/dump.hpp"
#include "policy/normal/normalize.hpp"

struct Row {
    const char* command;
    const char* dump;
};

inline owhale::policy::NormalForm form_of_script(const std::string& script) {
    owhale::policy::Request request;
    request.script = script;
    owhale::policy::Facts facts;
    facts.cwd = facts.workspace = "/home/user/project";
    facts.home = "/home/user";
    return normalize(request, facts);
}

inline void check_rows(std::span<const Row> rows) {
    for (const auto& [command, expected] : rows) {
        CAPTURE(command);
        CHECK(dump(form_of_script(command)) == expected);
    }
}
