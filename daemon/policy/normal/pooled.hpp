// A string of the program tables: a place in one text, not a pointer. Fifty thousand pointers would be relocated at each start
// of each program that links the tables, before main.
#pragma once

#include <cstdint>
#include <string_view>

namespace owhale::policy {

extern const char kProgramText[]; // made by embed_programs

struct Pooled {
    std::uint32_t at = 0, length = 0;

    std::string_view view() const { return {kProgramText + at, length}; }
    operator std::string_view() const { return view(); }

    bool empty() const { return length == 0; }
    std::size_t size() const { return length; }
    char operator[](std::size_t i) const { return view()[i]; }
    std::string_view substr(std::size_t from, std::size_t count = std::string_view::npos) const {
        return view().substr(from, count);
    }
    template <typename T> std::size_t find(const T& what, std::size_t from = 0) const {
        return view().find(what, from);
    }
    bool starts_with(std::string_view what) const { return view().starts_with(what); }
    friend bool operator==(const Pooled& a, std::string_view b) { return a.view() == b; }
};

} // namespace owhale::policy
