// The table as text: --help and --print-config.
#include <algorithm>

#include "config/table.hpp"

namespace owhale::config {
namespace {

void pad(std::string& line, std::size_t width) {
    if (line.size() < width) line.append(width - line.size(), ' ');
}

void append(std::string& text, std::string line, std::string_view help) {
    pad(line, 39); // the longest name, and two spaces
    ((text += line) += help) += '\n';
}

} // namespace

std::string help_text() {
    std::string text = "Usage: owhaled [FLAG…]\n\n"
                       "The security broker between AI agents and this machine.\n\n";
    append(text, "  -c, --config PATH", "Configuration file; a missing default one is no error.");
    append(text, "      --check-config", "Check all settings, say what is wrong, and end.");
    append(text, "      --print-config", "Print the settings in force, with where each came from, and end.");
    append(text, "  -h, --help", "Print this and end.");
    append(text, "  -V, --version", "Print the version and end.");
    text += "\nSettings (as a flag, as OWHALE_NAME in the environment, as \"name = value\" in the file; in this "
            "order):\n\n";
    for (const auto& setting : table()) {
        std::string help(setting.help);
        if (!setting.fallback.empty()) help += " [" + std::string(setting.fallback) + "]";
        append(text, "      --" + std::string(setting.key) + " " + std::string(placeholder(setting)), help);
    }
    return text + "\nTimes take s, m, h, d; sizes K, M, G (binary). The manual: owhaled(8), owhaled.conf(5).\n";
}

std::string to_text(const Settings& settings) {
    std::string text;
    for (const auto& row : settings.rows) {
        auto line = row.key + " = " + row.value;
        pad(line, 48);
        ((text += line) += "  # ") += row.source;
        text += '\n';
    }
    return text;
}

} // namespace owhale::config
