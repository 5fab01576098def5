// What is known of languages: made at build time from policy/languages.toml, which describes its own format.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace owhale::policy::normal {

enum class Effect : std::uint8_t {
    none,
    shell,
    argv,
    exec,
    eval,
    decode,
    fetch,
    send,
    connect,
    serve,
    dup,
    read,
    write,
    open,
    remove,
    removeall,
    list,
    change,
    move,
    copy,
    chdir,
    execute,
    note, // a call that rules may name
};

// A pattern over names joined by dots, as a place in `names` of the tables: a table of pointers would cost every start of
// owhalectl copies of its pages.
struct CallRow {
    std::uint32_t at;
    std::uint16_t size;
    Effect effect;
};

struct LanguageRow {
    std::string_view name, names, quotes, raw, shellquote, concat; // names: " python3 py "
    std::string_view comments, escapes;                            // each ended by a line's end
    bool block = false, triple = false, bare = false, regex = false, lisp = false, insensitive = false;
    std::uint16_t first = 0, count = 0; // of calls
};

const LanguageRow* find_language(std::string_view name); // null: none
Effect effect_of(const LanguageRow& language, std::string_view call);

struct LanguageTables {
    std::span<const LanguageRow> languages;
    std::span<const CallRow> calls;
    std::string_view names; // of calls
};
LanguageTables language_tables();

} // namespace owhale::policy::normal
