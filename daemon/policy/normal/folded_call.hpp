// A call of one of the programs that are run here, for the files that know them.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "policy/normal/folding.hpp"

namespace owhale::policy::normal::folded {

struct Call {
    const std::vector<Value>& argv;
    const Stream& in;
    const Place& place;

    std::vector<std::string> operands() const {
        std::vector<std::string> out;
        for (std::size_t i = 1; i < argv.size(); ++i)
            if (argv[i].text.size() < 2 || argv[i].text[0] != '-') out.push_back(argv[i].text);
        return out;
    }
    bool flag(char letter) const {
        return std::ranges::any_of(argv, [&](const Value& value) {
            return value.text.size() > 1 && value.text[0] == '-' && value.text[1] != '-' &&
                   value.text.find(letter) != std::string::npos;
        });
    }
    bool word(std::string_view text) const {
        return std::ranges::any_of(argv, [&](const Value& value) { return value.text == text; });
    }
    // -x VALUE or -xVALUE
    std::optional<std::string> value(char letter) const {
        const std::string name{'-', letter};
        for (std::size_t i = 1; i < argv.size(); ++i) {
            if (argv[i].text == name && i + 1 < argv.size()) return argv[i + 1].text;
            if (argv[i].text.starts_with(name) && argv[i].text.size() > 2) return argv[i].text.substr(2);
        }
        return std::nullopt;
    }
};

using Answer = std::optional<Folded>;

inline Answer text(std::string value, bool decoded = false) {
    return Folded{true, std::move(value), {}, decoded};
}

inline bool is_known(std::string_view value) {
    return value.find('\0') == std::string_view::npos;
}

// filters.cpp: lines in, lines out
Answer reverse(const Call& call);
Answer translate(const Call& call);
Answer head(const Call& call);
Answer tail(const Call& call);
Answer cut(const Call& call);
Answer edit(const Call& call);
std::optional<std::size_t> count_of(const std::optional<std::string>& word);

// listings.cpp: names of files, processes and revisions
Answer git(const Call& call);
Answer listed(const Call& call);
Answer list_names(const Call& call);
Answer searched(const Call& call);
Answer pass_names(const Call& call);
Answer numbers(const Call& call);
Answer found_process(const Call& call);
Answer awk_field(const Call& call);
Answer one_name(const Call& call); // of which nothing else is known

} // namespace owhale::policy::normal::folded
