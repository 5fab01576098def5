// Structured log lines to stderr: `<N>message key=value …`, N the syslog priority (journald reads the prefix), which is
// left out when stderr is a terminal. Values with spaces, quotes or controls are quoted and escaped, so that no request
// can forge a line.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace owhale::log {

enum class Level { error = 3, warning = 4, info = 6, debug = 7 };
using Field = std::pair<std::string_view, std::string>;

void set_level(Level level);
// What every message and value goes through before it is written: takes out what no log may hold. Before any thread.
void set_mask(std::string (*mask)(std::string_view));
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void error(std::string_view m, std::initializer_list<Field> f = {}) {
    write(Level::error, m, f);
}
inline void warning(std::string_view m, std::initializer_list<Field> f = {}) {
    write(Level::warning, m, f);
}
inline void info(std::string_view m, std::initializer_list<Field> f = {}) {
    write(Level::info, m, f);
}
inline void debug(std::string_view m, std::initializer_list<Field> f = {}) {
    write(Level::debug, m, f);
}

} // namespace owhale::log
