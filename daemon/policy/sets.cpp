#include "policy/sets.hpp"

#include <algorithm>

namespace owhale::policy {
namespace {

constexpr std::size_t kMaxMembers = 100'000;

// Sets of one file, each resolved when it is first asked for.
class Resolver {
public:
    Resolver(Sets& sets, const RuleFile& file) : sets_(sets), file_(file) {
        for (const auto& set : file.sets) drafts_["@" + set.name] = &set;
    }

    Status all() {
        for (const auto& [name, draft] : drafts_) CHECK(resolve(name));
        for (auto& [name, members] : done_) sets_[name] = std::move(members);
        return {};
    }

private:
    Status resolve(const std::string& name) {
        if (done_.contains(name)) return {};
        const auto& draft = *drafts_.at(name);
        if (is_place(name)) return wrong_at(file_.name, draft.line, draft.column, "`" + name + "` is built in");
        CHECK(check_origin(name, draft));
        open_.push_back(name);
        std::vector<std::string> members;
        for (const auto& member : draft.members) CHECK(add(name, member, members));
        open_.pop_back();
        done_[name] = std::move(members);
        return {};
    }

    // A project must not give a new meaning to what other rules say.
    Status check_origin(const std::string& name, const SetDraft& draft) const {
        if (file_.origin != Origin::project || !sets_.contains(name)) return {};
        return wrong_at(file_.name, draft.line, draft.column,
                        "`" + name + "` is a set already: a project's file gives it no other meaning");
    }

    Status add(const std::string& name, const Placed& member, std::vector<std::string>& to) {
        const std::string inner(set_of(member.text));
        if (inner.empty() || is_place(inner)) {
            to.push_back(member.text);
            return {};
        }
        const auto found = inner == name ? std::optional(sets_.find(inner)) : std::nullopt;
        if (!found && drafts_.contains(inner)) CHECK(resolve_inner(inner, member));
        const auto& from = !found && drafts_.contains(inner) ? done_ : sets_;
        if (!from.contains(inner)) return wrong_at(file_.name, member.line, member.column, unknown_set(sets_, inner));
        for (auto& one : members_of(from, member.text)) to.push_back(std::move(one));
        count_ += from.at(inner).size();
        if (count_ > kMaxMembers)
            return wrong_at(file_.name, member.line, member.column, "more than 100,000 members of sets");
        return {};
    }

    Status resolve_inner(const std::string& inner, const Placed& member) {
        if (std::ranges::find(open_, inner) != open_.end() || open_.size() > 32)
            return wrong_at(file_.name, member.line, member.column, "the set `" + inner + "` holds itself");
        return resolve(inner);
    }

    Sets& sets_;
    const RuleFile& file_;
    std::map<std::string, const SetDraft*> drafts_;
    Sets done_;
    std::vector<std::string> open_;
    std::size_t count_ = 0;
};

// "/srv/**" as the folder that more of a path can follow.
std::string_view folder_of(std::string_view pattern) {
    if (pattern.ends_with("/**")) pattern.remove_suffix(3);
    return pattern;
}

} // namespace

std::string_view set_of(std::string_view word) {
    return word.starts_with('@') ? word.substr(0, word.find('/')) : std::string_view();
}

bool is_place(std::string_view set) {
    return std::ranges::find(kPlaces, set) != kPlaces.end();
}

std::string unknown_set(const Sets& sets, std::string_view name) {
    std::vector<std::string_view> known(kPlaces.begin(), kPlaces.end());
    for (const auto& [one, members] : sets) known.push_back(one);
    return "there is no set `" + std::string(name) + "`" + did_you_mean(name, known);
}

Status add_sets(Sets& sets, const RuleFile& file) {
    return Resolver(sets, file).all();
}

std::vector<std::string> members_of(const Sets& sets, const std::string& word) {
    const auto name = set_of(word);
    const auto found = name.empty() || is_place(name) ? sets.end() : sets.find(std::string(name));
    if (found == sets.end()) return {word};
    if (name.size() == word.size()) return found->second;
    std::vector<std::string> out;
    for (const auto& member : found->second) out.push_back(std::string(folder_of(member)) + word.substr(name.size()));
    return out;
}

} // namespace owhale::policy
