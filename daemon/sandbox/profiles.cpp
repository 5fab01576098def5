#include "sandbox/profiles.hpp"

#include <dirent.h>

#include <algorithm>

#include "base/files.hpp"
#include "sandbox/paths.hpp"
#include "sandbox/record.hpp"
#include "shared/nearest.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kMaxProfile = 256u << 10;
constexpr std::size_t kMaxProfiles = 256;
constexpr std::size_t kMaxName = 200;
constexpr std::size_t kMaxToolchains = 96; // each is one probe of a resolve, as is each of the state
constexpr std::size_t kMaxState = 16;
constexpr std::string_view kTables = "tables";

struct Texts { // name -> file, content
    std::map<std::string, std::pair<std::string, std::string>, std::less<>> by_name;
};

Result<std::vector<std::string>> toml_names(const std::string& dir) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(dir.c_str()), ::closedir);
    if (!listing) return fail_errno("profile folder " + dir);
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (name.size() > 5 && name.ends_with(".toml") && !name.starts_with('.'))
            names.emplace_back(name.substr(0, name.size() - 5));
    }
    if (names.size() > kMaxProfiles) return fail(Code::profile_invalid, dir + " has more than 256 profiles");
    std::sort(names.begin(), names.end());
    return names;
}

Result<Texts> read_texts(const std::string& dir) {
    Texts texts;
    for (const auto& name : TRY(toml_names(dir))) {
        const auto file = join(dir, name + ".toml");
        texts.by_name[name] = {file, TRY(read_trusted(file, kMaxProfile))};
    }
    return texts;
}

using ByName = std::map<std::string, std::shared_ptr<const Profile>, std::less<>>;

// What is writable comes back to programs without a cage: below a dot-folder of one program's, and no folder of another row,
// which could be renamed away with what lies in it.
Status check_state(const std::string& path, const Profile& profile, const Tables& tables) {
    const auto wrong = [&](const std::string& what) {
        return fail(Code::profile_invalid, profile.source + ": state: `" + path + "` " + what,
                    "name the folder of one program's records, such as `.my-agent/sessions`");
    };
    if (!path.starts_with('.') || path.find('/') == std::string::npos) return wrong("is not below a dot-folder");
    const auto overlaps = [&](const std::string& other) {
        return other != path && (is_within(path, other) || is_within(other, path));
    };
    if (std::ranges::any_of(profile.state, overlaps)) return wrong("lies in another path of the state");
    if (std::ranges::any_of(profile.toolchains, overlaps) ||
        std::ranges::find(profile.toolchains, path) != profile.toolchains.end())
        return wrong("lies in a toolchain, or holds one");
    for (const auto& secret : tables.credentials)
        if (is_within(path, secret) || is_within(secret, path)) return wrong("holds credentials (" + secret + ")");
    return {};
}

Status check_against(const Tables& tables, const Profile& profile) {
    if (profile.toolchains.size() > kMaxToolchains)
        return fail(Code::profile_invalid, profile.source + ": more than 96 toolchains");
    if (profile.state.size() > kMaxState)
        return fail(Code::profile_invalid, profile.source + ": state: more than 16 paths");
    for (const auto& path : profile.state) CHECK(check_state(path, profile, tables));
    for (const auto& folder : profile.toolchains)
        for (const auto& secret : tables.credentials)
            if (is_within(folder, secret) || is_within(secret, folder))
                return fail(Code::profile_invalid,
                            profile.source + ": toolchains: `" + folder + "` holds credentials (" + secret + ")",
                            "name the folders below it that are needed");
    for (const auto& path : profile.system)
        if (is_within_any(path, tables.hidden))
            return fail(Code::profile_invalid, profile.source + ": system: `" + path + "` is never mounted");
    return {};
}

// Loads a profile after the one it extends; `depth` ends circles.
Status load_one(const std::string& name, const Texts& texts, const Tables& tables, ByName& into, int depth) {
    if (into.contains(name)) return {};
    const auto& [file, text] = texts.by_name.find(name)->second;
    if (depth > 8) return fail(Code::profile_invalid, file + ": `extends` goes in a circle");
    const auto extends = TRY(profile_extends(file, text));
    const Profile* base = nullptr;
    if (!extends.empty()) {
        if (!texts.by_name.contains(extends) || extends == kTables)
            return fail(Code::profile_invalid, file + ": extends unknown profile `" + extends + "`");
        CHECK(load_one(extends, texts, tables, into, depth + 1));
        base = into.find(extends)->second.get();
    }
    auto profile = TRY(parse_profile(name, file, text, base));
    CHECK(check_against(tables, profile));
    into[name] = std::make_shared<const Profile>(std::move(profile));
    return {};
}

} // namespace

Result<Profiles> Profiles::load(const std::string& dir) {
    Profiles profiles;
    profiles.dir_ = dir;
    CHECK(profiles.reload());
    return profiles;
}

Status Profiles::reload() {
    const auto texts = TRY(read_texts(dir_));
    const auto tables_text = texts.by_name.find(kTables);
    if (tables_text == texts.by_name.end())
        return fail(Code::profile_invalid, join(dir_, "tables.toml") + " is missing",
                    "it is installed with owhaled; --profile-dir names another folder");
    auto tables = TRY(parse_tables(tables_text->second.first, tables_text->second.second));
    ByName loaded;
    for (const auto& [name, text] : texts.by_name)
        if (name != kTables) CHECK(load_one(name, texts, tables, loaded, 0));
    if (!loaded.contains("default")) return fail(Code::profile_invalid, join(dir_, "default.toml") + " is missing");
    by_name_ = std::move(loaded);
    tables_ = std::make_shared<const Tables>(std::move(tables));
    return {};
}

Result<std::shared_ptr<const Profile>> Profiles::find(std::string_view name) const {
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    std::vector<std::string_view> names;
    for (const auto& [known, profile] : by_name_) names.push_back(known);
    const auto near = nearest(name, names);
    return fail(Code::profile_unknown, "there is no profile `" + printable(name.substr(0, 60)) + "`",
                !near ? "`owhalectl profiles ls` lists them" : "did you mean `" + std::string(*near) + "`?");
}

Result<Profile> Profiles::check(const std::string& name, std::string_view text) const {
    const auto file = name + ".toml";
    const auto invalid = [&](const std::string& what) { return fail(Code::profile_invalid, printable(file) + what); };
    if (name.empty() || name.size() > kMaxName || name.starts_with('.') || name.find('/') != std::string::npos ||
        name.find('\0') != std::string::npos)
        return fail(Code::invalid_value, "a profile's name is that of a file", "call it as its file, without .toml");
    if (name == kTables) return invalid(" holds the lists that no profile changes");
    if (text.size() > kMaxProfile) return invalid(" is over 256 KiB");
    const auto extends = TRY(profile_extends(file, text));
    std::shared_ptr<const Profile> base;
    if (!extends.empty()) {
        if (extends != name && !by_name_.contains(extends))
            return invalid(": extends unknown profile `" + printable(extends) + "`");
        for (auto next = extends; !next.empty(); next = by_name_.find(next)->second->extends)
            if (next == name) return invalid(": `extends` goes in a circle");
        base = by_name_.find(extends)->second;
    }
    auto profile = TRY(parse_profile(name, file, text, base.get()));
    CHECK(check_against(*tables_, profile));
    return profile;
}

std::vector<std::shared_ptr<const Profile>> Profiles::list() const {
    std::vector<std::shared_ptr<const Profile>> out;
    for (const auto& [name, profile] : by_name_) out.push_back(profile);
    return out;
}

} // namespace owhale::sandbox
