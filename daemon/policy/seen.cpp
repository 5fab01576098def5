#include "policy/seen.hpp"

#include <algorithm>

#include "policy/normal/letters.hpp"

namespace owhale::policy {
namespace {

bool has_fact(const SimpleCommand& command, std::string_view fact) {
    return std::ranges::find(command.facts, fact) != command.facts.end();
}

// Who listens on no address in particular listens on all, "*"; who connects to none that is known may connect to any.
std::string name_of(const Host& host) {
    const bool all = host.name.empty() || host.name == "0.0.0.0" || host.name == "::" || host.name == "[::]";
    if (host.listens && all) return "*";
    return host.name.empty() ? std::string(kAnyName) : normal::lowered(host.name);
}

} // namespace

Pipelines::Pipelines(const NormalForm& form) {
    for (std::uint32_t i = 0; i < form.commands.size(); ++i)
        if (form.commands[i].stage > 0) members_[form.commands[i].pipeline];
    if (members_.empty()) return;
    for (std::uint32_t i = 0; i < form.commands.size(); ++i)
        if (const auto found = members_.find(form.commands[i].pipeline); found != members_.end())
            found->second.push_back(i);
}

std::span<const std::uint32_t> Pipelines::with(const SimpleCommand& command) const {
    const auto found = members_.find(command.pipeline);
    return found == members_.end() ? std::span<const std::uint32_t>() : found->second;
}

Seen::Seen(const NormalForm& form, const Pipelines& pipelines, std::size_t number, const Index& index,
           const Bases& bases, const Facts& facts, Mode mode)
    : form_(form), pipelines_(pipelines), command_(form.commands[number]), index_(index),
      placeholders_(facts.placeholders), mode_(mode), facts_(bits_of(command_.facts)) {
    const auto& command = command_;
    option_unknown_ = has_fact(command, "option.unknown");
    program_unknown_ = has_fact(command, "program.unknown") || (command.program.empty() && !command.argv.empty());
    for (const auto& host : command.hosts) hosts_.push_back(name_of(host));
    for (const auto& access : command.accesses) {
        acts_ |= 1U << static_cast<unsigned>(access.act);
        place(bases, facts, access);
    }
    const auto has = [&](Part part, bool is) { has_ |= is ? bit_of(part) : 0; };
    has(Part::host, !command.hosts.empty());
    has(Part::code, !command.code.empty());
    has(Part::env, !command.env.empty());
    has(Part::via, !command.via.empty() || !command.wrapped.empty());
    has(Part::word, command.argv.size() > 1);
    has(Part::operand, !command.operands.empty());
    has(Part::option, !command.options.empty() || option_unknown_);
    has(Part::variable, !command.unknown_variables.empty());
    has(Part::pipeline, !pipelines.with(command).empty());
    for (auto& answers : answers_) answers.resize(places_.size() * index.sets());
}

void Seen::place(const Bases& bases, const Facts& facts, const Access& access) {
    const auto first = places_.size();
    places_.emplace_back(bases, access.path, access.recursive);
    const auto real = facts.real.find(access.path);
    if (real != facts.real.end() && real->second != access.path)
        places_.emplace_back(bases, real->second, access.recursive);
    of_access_.emplace_back(first, places_.size());
}

Match Seen::ask(Question question, const PathPattern& pattern, const Place& place) {
    switch (question) {
    case Question::touched:
        return place.touched(pattern);
    case Question::points_to:
        return place.points_to(pattern) ? Match::yes : Match::no;
    case Question::itself:
        return place.itself(pattern);
    case Question::below:
        return place.below(pattern);
    }
    return Match::maybe;
}

Match Seen::ask(Question question, const PathList& list, std::size_t place) const {
    auto best = Match::no;
    const auto each = [&](const std::vector<PathPattern>& patterns, Match from) {
        for (const auto& pattern : patterns) {
            if (from == Match::yes) break;
            from = std::max(from, ask(question, pattern, places_[place]));
        }
        return from;
    };
    best = each(list.own, best);
    for (const auto set : list.sets) {
        if (best == Match::yes) break;
        auto& known = answers_[static_cast<std::size_t>(question)][place * index_.sets() + set];
        if (known == 0)
            known = static_cast<std::uint8_t>(1 + static_cast<unsigned>(each(index_.path_set(set), Match::no)));
        best = std::max(best, static_cast<Match>(known - 1));
    }
    return best;
}

// What is unpacked or copied into the workspace is new files of it, not what lies there already.
Match Seen::touched(const PathList& list, std::size_t access) const {
    auto best = Match::no;
    const bool writes = command_.accesses[access].act == Act::write;
    for (auto place = of_access_[access].first; place < of_access_[access].second; ++place) {
        const auto question = writes && places_[place].whole_workspace() ? Question::itself : Question::touched;
        best = std::max(best, ask(question, list, place));
    }
    return best;
}

bool Seen::points_to(const PathList& list, std::size_t access) const {
    for (auto place = of_access_[access].first; place < of_access_[access].second; ++place)
        if (ask(Question::points_to, list, place) == Match::yes) return true;
    return false;
}

Match Seen::covered(const PathList& list, std::size_t access, Mode mode, const PathList* about) const {
    auto worst = Match::yes;
    for (auto place = of_access_[access].first; place < of_access_[access].second; ++place) {
        if (about != nullptr && ask(Question::touched, *about, place) == Match::no) continue;
        worst = std::min(worst, ask(Question::itself, list, place));
        if (command_.accesses[access].recursive) worst = std::min(worst, ask(Question::below, list, place));
        if (mode == Mode::strict && places_[place].climbs()) worst = std::min(worst, Match::maybe);
    }
    return worst;
}

} // namespace owhale::policy
