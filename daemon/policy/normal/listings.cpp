// Programs that list names: of files, of processes, of revisions.
#include "policy/normal/folded_call.hpp"
#include "policy/normal/paths.hpp"

namespace owhale::policy::normal::folded {

Answer one_name(const Call&) {
    return text(std::string(kAnyName) + "\n");
}

Answer git(const Call& call) {
    std::size_t i = 1;
    while (i + 1 < call.argv.size() && call.argv[i].text.starts_with('-'))
        i += call.argv[i].is("-C") || call.argv[i].is("-c") ? 2 : 1;
    if (i >= call.argv.size()) return std::nullopt;
    const std::string& sub = call.argv[i].text;
    const bool names = sub == "ls-files" || sub == "ls-tree" || call.word("--name-only") ||
                       call.word("--diff-filter") ||
                       (sub == "grep" && (call.flag('l') || call.word("--files-with-matches")));
    if (names) {
        Folded out{false, "", {call.place.cwd + "/" + std::string(kHole)}, false};
        if (sub == "ls-files" && i + 1 == call.argv.size()) out.names.push_back(call.place.cwd); // all of it
        return out;
    }
    if (sub == "rev-parse" && call.word("--show-toplevel"))
        return text((call.place.workspace.empty() ? call.place.cwd : call.place.workspace) + "\n");
    if (sub == "rev-parse" && call.word("--git-dir")) return text(".git\n");
    if (sub == "rev-parse" || sub == "merge-base" || sub == "describe" || sub == "hash-object" || sub == "write-tree" ||
        sub == "commit-tree" || sub == "stash" || sub == "var")
        return text(std::string(kAnyName) + "\n"); // a revision
    if (sub == "rev-list" || (sub == "log" && (call.word("--format=%H") || call.word("--format=%h") ||
                                               call.word("--pretty=%H") || call.word("--pretty=format:%H") ||
                                               call.word("--format=%ct") || call.word("--pretty=format:%h"))))
        return Folded{false, "", {std::string(kAnyName)}, false};
    return std::nullopt;
}

// Names below the folders that are listed.
Answer listed(const Call& call) {
    Folded out;
    std::vector<std::string> roots, names;
    bool options = false, filtered = false;
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        const auto& word = call.argv[i].text;
        options = options || word.starts_with("-") || word.starts_with("(") || word.starts_with("!");
        if (!options) roots.push_back(absolute_path(word, call.place.cwd));
        filtered = filtered || (word.starts_with("-") && word != "-type" && !word.starts_with("-print") &&
                                word != "-maxdepth" && word != "-mindepth");
        if ((word != "-name" && word != "-iname") || i + 1 >= call.argv.size()) continue;
        std::string name(kHole);
        for (const char c : call.argv[i + 1].text) name += c == '*' ? std::string(kAnyName) : std::string(1, c);
        names.push_back(std::move(name));
    }
    if (call.word("-exec") || call.word("-execdir") || call.word("-printf")) return std::nullopt;
    if (roots.empty()) roots.push_back(call.place.cwd);
    if (names.empty() || names.size() > 8 || call.word("!") || call.word("-not")) names = {std::string(kHole)};
    for (const auto& root : roots) {
        if (!filtered) out.names.push_back(root); // all of it
        for (const auto& name : names) out.names.push_back((root == "/" ? "" : root) + "/" + name);
    }
    return out;
}

// ls tells the names in folders without the folders; patterns are told as they are found.
Answer list_names(const Call& call) {
    Folded out;
    for (const auto& word : call.operands())
        if (word.find('\0') != std::string::npos) out.names.push_back(word);
    if (out.names.empty()) out.names.push_back(std::string(kAnyName));
    return out;
}

Answer searched(const Call& call) {
    if (!call.flag('l') && !call.word("--files-with-matches")) return pass_names(call);
    auto words = call.operands();
    if (words.empty()) return std::nullopt;
    Folded out;
    for (std::size_t i = 1; i < words.size(); ++i)
        out.names.push_back(absolute_path(words[i], call.place.cwd) + "/" + std::string(kHole));
    if (out.names.empty()) out.names.push_back(call.place.cwd + "/" + std::string(kHole));
    return out;
}

Answer pass_names(const Call& call) { // an order or a selection of names is names
    if (call.in.names.empty()) return std::nullopt;
    return Folded{false, "", call.in.names, false};
}

Answer numbers(const Call& call) { // lsof -t -i:3000
    const bool terse = std::ranges::any_of(call.argv, [](const Value& word) {
        return word.text.starts_with("-t") || word.text.starts_with("-nt") || word.is("-it") || word.is("-nPt");
    });
    return terse ? one_name(call) : std::nullopt;
}

Answer found_process(const Call& call) { // by its name it is one, by its user it is all of theirs
    const bool many = std::ranges::any_of(call.argv, [](const Value& word) {
        const auto& text = word.text;
        return text.size() > 1 && text[0] == '-' && std::string_view("uUtgGsv").find(text[1]) != std::string_view::npos;
    });
    return many ? std::nullopt : one_name(call);
}

Answer awk_field(const Call& call) { // a column of names is names still, of words a word
    return call.in.names.empty() ? std::nullopt : pass_names(call);
}

} // namespace owhale::policy::normal::folded
