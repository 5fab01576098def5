#include "cli/completions.hpp"

#include <functional>
#include <map>
#include <set>

#include "cli/accounts.hpp"
#include "cli/escape.hpp"

namespace owhale::cli {
namespace {

constexpr auto kRunIds = "owhalectl runs ls --quiet 2>/dev/null";
constexpr auto kApprovalIds = "owhalectl approvals ls --quiet 2>/dev/null";
constexpr auto kBoxIds = "owhalectl box ls --quiet 2>/dev/null";
constexpr auto kWorkspaces = "owhalectl workspaces ls --quiet 2>/dev/null";
constexpr auto kProfiles = "owhalectl profiles ls --quiet 2>/dev/null";
constexpr auto kUsers = "owhalectl users ls --quiet 2>/dev/null";
constexpr auto kSessions = "owhalectl sessions ls --quiet 2>/dev/null";
constexpr auto kTokens = "owhalectl tokens ls --quiet 2>/dev/null";

// A command with its words: " runs ls"; "" is owhalectl itself.
struct Place {
    std::string path;
    const Described* command;
};

void collect(std::vector<Place>& places, const std::string& path, const Described& command) {
    places.push_back({path, &command});
    for (const auto& sub : command.commands) collect(places, path + " " + sub.name, sub);
}

std::vector<Place> places_of(const Described& root) {
    std::vector<Place> places;
    collect(places, "", root);
    return places;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
    std::string out;
    for (const auto& word : words) {
        if (!out.empty()) out += separator;
        out += word;
    }
    return out;
}

// Options with a value, by name; a name means the same kind of thing in every command.
std::map<std::string, const Described::Option*> valued_options(const std::vector<Place>& places) {
    std::map<std::string, const Described::Option*> valued;
    for (const auto& place : places)
        for (const auto& option : place.command->options)
            for (const auto& name : option.names)
                if (!option.metavar.empty()) valued.emplace(name, &option);
    return valued;
}

std::string names_pattern(const std::map<std::string, const Described::Option*>& valued) {
    std::vector<std::string> names;
    for (const auto& [name, option] : valued) names.push_back(name);
    return joined(names, "|");
}

std::string path_pattern(const std::vector<Place>& places) {
    std::vector<std::string> paths;
    for (const auto& place : places)
        if (!place.path.empty()) paths.push_back("'" + place.path + "'");
    return joined(paths, "|");
}

// Positionals before the words of a command that is to run.
std::size_t before_tail(const Described& command) {
    return command.positionals.size() - 1;
}

std::vector<std::string> option_names(const Described& root, const Described& command) {
    std::vector<std::string> names;
    for (const auto& option : command.options) names.insert(names.end(), option.names.begin(), option.names.end());
    if (&root != &command)
        for (const auto& option : root.options) names.insert(names.end(), option.names.begin(), option.names.end());
    names.emplace_back("--help");
    return names;
}

std::vector<std::string> sub_names(const Described& command) {
    std::vector<std::string> names;
    for (const auto& sub : command.commands) names.push_back(sub.name);
    return names;
}

// How one shell offers things; each answer is a shell command.
struct Shell {
    std::function<std::string(const std::string& words)> words;   // these, which need no quoting
    std::function<std::string(const std::string& command)> lines; // what a command prints
    std::string files, folders, nothing;
};

std::string offer(const Shell& shell, Kind kind, const std::vector<std::string>& choices) {
    switch (kind) {
    case Kind::choice:
        return shell.words(joined(choices, " "));
    case Kind::run_id:
        return shell.lines(kRunIds);
    case Kind::approval_id:
        return shell.lines(kApprovalIds);
    case Kind::box_id:
        return shell.lines(kBoxIds);
    case Kind::workspace:
        return shell.lines(kWorkspaces);
    case Kind::profile:
        return shell.lines(kProfiles);
    case Kind::user:
        return shell.lines(kUsers);
    case Kind::session_id:
        return shell.lines(kSessions);
    case Kind::token_id:
        return shell.lines(kTokens);
    case Kind::role:
        return shell.words(joined(kRoles, " "));
    case Kind::file:
        return shell.files;
    case Kind::folder:
        return shell.folders;
    case Kind::text:
        break;
    }
    return shell.nothing;
}

// The part that bash and zsh share: where in the tree the cursor stands. Sets at, positional and tail.
std::string locate(const std::vector<Place>& places, const std::string& loop, const std::string& word) {
    std::string out = "    for (( " + loop + " )); do\n        word=" + word + "\n";
    out += "        if (( skip )); then skip=0; continue; fi\n";
    out += "        case \"$at $word\" in\n            " + path_pattern(places) +
           ") at=\"$at $word\"; continue ;;\n        esac\n";
    out += "        case $word in\n            --) marked=1; continue ;;\n";
    out += "            " + names_pattern(valued_options(places)) +
           ") skip=1 ;;\n            -?*) ;;\n            *) (( positional++ )) ;;\n        esac\n";
    out += "        case \"$at:$marked\" in\n";
    for (const auto& [path, command] : places) {
        if (!command->runs_command) continue;
        out += "            '" + path + "':*) if (( positional > " + std::to_string(before_tail(*command)) +
               " )); then tail=$i; break; fi ;;\n";
    }
    return out + "        esac\n    done\n";
}

std::string values_case(const Shell& shell, const std::vector<Place>& places, const std::string& previous) {
    std::string out = "    case " + previous + " in\n";
    for (const auto& [name, option] : valued_options(places))
        out += "        " + name + ") " + offer(shell, option->kind, option->choices) + "; return ;;\n";
    return out + "    esac\n";
}

std::string positional_case(const Shell& shell, const std::vector<Place>& places) {
    std::string out = "    case \"$at:$positional\" in\n";
    for (const auto& [path, command] : places) {
        for (std::size_t i = 0; i < command->positionals.size(); ++i) {
            const auto& positional = command->positionals[i];
            const bool last = i + 1 == command->positionals.size();
            if (positional.kind == Kind::text) continue;
            out += "        '" + path + "':" + (last && !command->runs_command ? "*" : std::to_string(i)) + ") " +
                   offer(shell, positional.kind, positional.choices) + " ;;\n";
        }
    }
    return out + "    esac\n";
}

std::string zsh_entry(const std::string& name, const std::string& help) {
    std::string entry = name;
    for (auto at = entry.find(':'); at != std::string::npos; at = entry.find(':', at + 2)) entry.insert(at, "\\");
    return quoted(entry + ":" + help);
}

std::string zsh_commands(const Described& command) {
    std::vector<std::string> entries;
    for (const auto& sub : command.commands) entries.push_back(zsh_entry(sub.name, sub.help));
    return "offers=(" + joined(entries, " ") + "); _describe command offers";
}

std::string zsh_options(const Described& root, const Described& command) {
    std::vector<std::string> entries;
    for (const auto* level : {&command, &root}) {
        for (const auto& option : level->options)
            for (const auto& name : option.names) entries.push_back(zsh_entry(name, option.help));
        if (&root == &command) break;
    }
    return "offers=(" + joined(entries, " ") + "); _describe -o option offers";
}

std::string fish_condition(const Place& place) {
    return " -n \"__owhalectl_at '" + place.path + "'\"";
}

std::string fish_option(const std::string& condition, const Described::Option& option) {
    static const Shell kFish = {[](const std::string& words) { return " -x -a " + quoted(words); },
                                [](const std::string& command) { return " -x -a " + quoted("(" + command + ")"); },
                                " -r -F", " -x -a '(__fish_complete_directories)'", " -x"};
    std::string line = "complete -c owhalectl" + condition;
    for (const auto& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!option.metavar.empty()) line += offer(kFish, option.kind, option.choices);
    return line + " -d " + quoted(option.help) + "\n";
}

std::string fish_positional(const Place& place, std::size_t index) {
    const auto& positional = place.command->positionals[index];
    static const Shell kFish = {[](const std::string& words) { return " -a " + quoted(words); },
                                [](const std::string& command) { return " -a " + quoted("(" + command + ")"); }, " -F",
                                " -a '(__fish_complete_directories)'", ""};
    const auto offered = offer(kFish, positional.kind, positional.choices);
    if (offered.empty()) return {};
    return "complete -c owhalectl -n \"__owhalectl_at '" + place.path + "' " + std::to_string(index) + "\"" + offered +
           "\n";
}

} // namespace

std::string bash_completion(const Described& root) {
    const Shell shell = {
        [](const std::string& words) { return "COMPREPLY=($(compgen -W '" + words + "' -- \"$cur\"))"; },
        [](const std::string& command) { return "COMPREPLY=($(compgen -W \"$(" + command + ")\" -- \"$cur\"))"; },
        "COMPREPLY=($(compgen -f -- \"$cur\"))", "COMPREPLY=($(compgen -d -- \"$cur\"))", "COMPREPLY=()"};
    const auto places = places_of(root);
    std::string out = "# bash completion for owhalectl: . <(owhalectl completion bash)\n_owhalectl() {\n";
    out +=
        "    local cur=${COMP_WORDS[COMP_CWORD]} at='' word marked=0 i tail=0 positional=0 skip=0\n    COMPREPLY=()\n";
    out += locate(places, "i = 1; i < COMP_CWORD; i++", "${COMP_WORDS[i]}");
    out += "    if (( tail > 0 )); then\n        if declare -F _command_offset >/dev/null; then _command_offset "
           "\"$tail\"\n";
    out += "        else COMPREPLY=($(compgen -f -- \"$cur\")); fi\n        return\n    fi\n";
    out += values_case(shell, places, "${COMP_WORDS[COMP_CWORD-1]}");
    out += "    if [[ $cur == -* && $marked == 0 ]]; then\n        case $at in\n";
    for (const auto& [path, command] : places)
        out += "            '" + path + "') " + shell.words(joined(option_names(root, *command), " ")) + " ;;\n";
    out += "        esac\n        return\n    fi\n    case $at in\n";
    for (const auto& [path, command] : places)
        if (!command->commands.empty())
            out += "        '" + path + "') " + shell.words(joined(sub_names(*command), " ")) + "; return ;;\n";
    for (const auto& [path, command] : places)
        if (command->runs_command)
            out += "        '" + path + "') if (( positional == " + std::to_string(before_tail(*command)) +
                   " )); then COMPREPLY=($(compgen -c -f -- \"$cur\")); return; fi ;;\n";
    out += "    esac\n" + positional_case(shell, places);
    return out + "}\ncomplete -o filenames -F _owhalectl owhalectl\n";
}

std::string zsh_completion(const Described& root) {
    const Shell shell = {[](const std::string& words) { return "compadd -- " + words; },
                         [](const std::string& command) { return "compadd -- ${(f)\"$(" + command + ")\"}"; }, "_files",
                         "_files -/", "_message value"};
    const auto places = places_of(root);
    std::string out = "#compdef owhalectl\n# zsh completion for owhalectl: . <(owhalectl completion zsh), or a file "
                      "_owhalectl on fpath\n_owhalectl() {\n";
    out += "    local at='' word marked=0\n    local -i i tail=0 positional=0 skip=0\n    local -a offers\n";
    out += locate(places, "i = 2; i < CURRENT; i++", "${words[i]}");
    out += "    if (( tail > 0 )); then\n        words=(\"${(@)words[tail,-1]}\"); (( CURRENT -= tail - 1 )); _normal; "
           "return\n    fi\n";
    out += values_case(shell, places, "${words[CURRENT-1]}");
    out += "    if [[ ${words[CURRENT]} == -* && $marked == 0 ]]; then\n        case $at in\n";
    for (const auto& [path, command] : places)
        out += "            '" + path + "') " + zsh_options(root, *command) + " ;;\n";
    out += "        esac\n        return\n    fi\n    case $at in\n";
    for (const auto& [path, command] : places)
        if (!command->commands.empty()) out += "        '" + path + "') " + zsh_commands(*command) + "; return ;;\n";
    for (const auto& [path, command] : places)
        if (command->runs_command)
            out += "        '" + path + "') if (( positional == " + std::to_string(before_tail(*command)) +
                   " )); then _command_names -e; _files; return; fi ;;\n";
    out += "    esac\n" + positional_case(shell, places);
    return out +
           "}\nif [[ ${funcstack[1]} == _owhalectl ]]; then _owhalectl \"$@\"; else compdef _owhalectl owhalectl; fi\n";
}

std::string fish_completion(const Described& root) {
    const auto places = places_of(root);
    std::vector<std::string> paths, names;
    for (const auto& place : places)
        if (!place.path.empty()) paths.push_back("'" + place.path + "'");
    for (const auto& [name, option] : valued_options(places)) names.push_back(name);
    std::string out =
        "# fish completion for owhalectl: owhalectl completion fish | source\n"
        "# True where the cursor stands at this command, and (if given) at this positional of it, or more.\n"
        "function __owhalectl_at\n    set -l at ''\n    set -l positional 0\n    set -l skip 0\n"
        "    for word in (commandline -opc)[2..-1]\n        if test $skip = 1\n            set skip 0\n  "
        "          continue\n        end\n"
        "        if contains -- \"$at $word\" " +
        joined(paths, " ") +
        "\n            set at \"$at $word\"\n            continue\n        end\n"
        "        if contains -- $word " +
        joined(names, " ") +
        "\n            set skip 1\n"
        "        else if not string match -q -- '-*' $word\n            set positional (math $positional "
        "+ 1)\n        end\n    end\n"
        "    test \"$at\" = \"$argv[1]\"; and begin\n        test (count $argv) -lt 2; or test "
        "$positional = $argv[2]; or test \"$argv[3]\" = more -a $positional -gt $argv[2]\n    end\nend\n"
        "complete -c owhalectl -f\n";
    for (const auto& option : root.options) out += fish_option("", option);
    for (const auto& place : places) {
        for (const auto& sub : place.command->commands)
            out +=
                "complete -c owhalectl" + fish_condition(place) + " -a " + sub.name + " -d " + quoted(sub.help) + "\n";
        if (place.command == &root) continue;
        for (const auto& option : place.command->options) out += fish_option(fish_condition(place), option);
        for (std::size_t i = 0; i < place.command->positionals.size(); ++i) out += fish_positional(place, i);
        if (place.command->runs_command)
            out += "complete -c owhalectl -n \"__owhalectl_at '" + place.path + "' " +
                   std::to_string(before_tail(*place.command)) +
                   " more\" -x -a '(__fish_complete_subcommand --fcs-skip=" +
                   std::to_string(2 + before_tail(*place.command)) + ")'\n";
    }
    return out;
}

} // namespace owhale::cli
