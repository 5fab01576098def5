#include "config/sources.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdlib>
#include <sstream>

#include "base/files.hpp"
#include "config/table.hpp"
#include "shared/nearest.hpp"

namespace owhale::config {
namespace {

namespace po = boost::program_options;

constexpr std::size_t kLargestFile = 65536;

po::options_description described_settings() {
    po::options_description described;
    for (const auto& setting : table())
        described.add_options()(std::string(setting.key).c_str(), po::value<std::string>());
    return described;
}

std::unexpected<Error> unknown(Code code, const std::string& where, std::string_view key) {
    auto known = keys();
    if (code == Code::bad_request)
        known.insert(known.end(), {"config", "help", "version", "print-config", "check-config"});
    const auto near = nearest(key, known);
    const std::string dashes = code == Code::bad_request ? "--" : "";
    return fail(code, where + "there is no setting \"" + dashes + std::string(key) + "\"",
                near ? "did you mean \"" + dashes + std::string(*near) + "\"?" : "owhaled --help lists them");
}

po::parsed_options parse_flags(const std::vector<std::string>& arguments) {
    auto described = described_settings();
    described.add_options()("help,h", "")("version,V", "")("print-config", "")("check-config", "");
    described.add_options()("config,c", po::value<std::string>())("role", po::value<std::string>());
    const std::vector<std::string> flags(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
    // An abbreviated flag would change its meaning when a longer one is added.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    return po::command_line_parser(flags).options(described).style(style).run();
}

Status take_flag(CommandLine& line, const std::string& key, const std::string& value) {
    static const std::map<std::string, Action, std::less<>> actions = {{"help", Action::help},
                                                                       {"version", Action::version},
                                                                       {"print-config", Action::print_config},
                                                                       {"check-config", Action::check_config}};
    if (key.empty())
        return fail(Code::bad_request, "owhaled takes no arguments besides its flags", "owhaled --help lists them");
    if (key == "role" && value != "broker") return fail(Code::bad_request, "there is no role \"" + value + "\"");
    if (const auto action = actions.find(key); action != actions.end())
        line.action = action->second;
    else if (key == "config")
        line.config = value;
    else if (key == "role")
        line.role = Role::broker;
    else
        line.found[key] = {value, "--" + key};
    return {};
}

struct Line {
    std::string key, value;
};

// One line of the file; an empty key for a blank or comment line.
Result<Line> parse_line(const std::string& text, const std::string& where) {
    static const auto described = described_settings();
    if (const auto start = text.find_first_not_of(" \t"); start != std::string::npos && text[start] == '[')
        return fail(Code::config_invalid, where + "there are no sections in this file", "remove the [ ] line");
    std::istringstream stream(text + "\n");
    const auto parsed = po::parse_config_file(stream, described, true);
    if (parsed.options.empty()) return Line{};
    const auto& option = parsed.options.front();
    if (option.unregistered) return unknown(Code::config_invalid, where, option.string_key);
    return Line{option.string_key, option.value.empty() ? "" : option.value.front()};
}

Status take_line(Found& found, const std::string& text, const std::string& source) {
    const auto line = TRY(parse_line(text, source + ": "));
    if (line.key.empty()) return {};
    if (const auto earlier = found.find(line.key); earlier != found.end())
        return fail(Code::config_invalid,
                    source + ": " + line.key + " stands twice, first in " + earlier->second.source,
                    "remove one of them");
    found[line.key] = {line.value, source};
    return {};
}

void warn_of_typos(std::vector<std::string>& warnings) {
    std::vector<std::string> names = {"OWHALE_CONFIG", "OWHALE_CHANNEL"};
    for (const auto key : keys()) names.push_back(environment_name(key));
    const std::vector<std::string_view> known(names.begin(), names.end());
    for (char** entry = ::environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto name = text.substr(0, text.find('='));
        if (!name.starts_with("OWHALE_") || std::ranges::find(known, name) != known.end()) continue;
        std::vector<std::string_view> endings;
        for (const auto word : known) endings.push_back(word.substr(7));
        if (const auto near = nearest(name.substr(7), endings))
            warnings.push_back(std::string(name) + " is not a setting; did you mean OWHALE_" + std::string(*near) +
                               "?");
    }
}

} // namespace

Result<CommandLine> read_command_line(const std::vector<std::string>& arguments) {
    CommandLine line;
    try {
        for (const auto& option : parse_flags(arguments).options)
            CHECK(take_flag(line, option.string_key, option.value.empty() ? "" : option.value.front()));
    } catch (const po::unknown_option& error) {
        auto key = error.get_option_name();
        key.erase(0, key.find_first_not_of('-'));
        key.resize(std::min(key.find('='), key.size()));
        return unknown(Code::bad_request, "", key);
    } catch (const po::error& error) {
        return fail(Code::bad_request, error.what(), "owhaled --help lists the flags");
    }
    return line;
}

Found read_environment(std::vector<std::string>& warnings, std::vector<Error>& mistakes) {
    Found found;
    for (const auto& setting : table()) {
        const auto name = environment_name(setting.key);
        const char* value = ::getenv(name.c_str());
        if (value != nullptr && *value != '\0') found[std::string(setting.key)] = {value, name};
    }
    const char* mode = ::getenv("SECURITY_MODE");
    if (mode != nullptr && *mode != '\0') {
        const auto [at, fresh] = found.try_emplace("mode", Given{mode, "SECURITY_MODE"});
        if (!fresh && at->second.value != mode)
            mistakes.push_back(
                {Code::config_invalid, "SECURITY_MODE and OWHALE_MODE contradict each other", "unset one of them"});
    }
    warn_of_typos(warnings);
    return found;
}

Result<Found> read_config_file(const std::string& path, std::vector<Error>& mistakes) {
    const auto content = TRY(read_trusted(path, kLargestFile));
    Found found;
    std::istringstream lines(content);
    std::string text;
    for (int number = 1; std::getline(lines, text); ++number) {
        const auto source = path + ":" + std::to_string(number);
        if (text.ends_with('\r')) text.pop_back();
        try {
            if (auto taken = take_line(found, text, source); !taken) mistakes.push_back(std::move(taken).error());
        } catch (const po::error&) {
            mistakes.push_back({Code::config_invalid, source + ": this is not \"key = value\"", "# begins a comment"});
        }
    }
    return found;
}

} // namespace owhale::config
