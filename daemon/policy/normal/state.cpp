// Cells with a journal.
#include "policy/normal/state.hpp"

#include <algorithm>
#include <set>

#include "policy/normal/value.hpp"

namespace owhale::policy::normal {
namespace {

void add_value(Cell& cell, const std::string& value) {
    if (std::ranges::find(cell.values, value) != cell.values.end()) return;
    if (cell.values.size() < kMaxAlternatives)
        cell.values.push_back(value);
    else
        cell.values = {std::string(kHole)};
}

void merge(Cell& into, const Cell& from) {
    into.taint.add(from.taint);
    if (into.function == nullptr) into.function = from.function;
    if (into.array || from.array) {
        if (into.elements != from.elements) into.elements = {std::string(kHole)};
        into.array = true;
    }
    for (const auto& value : from.values) add_value(into, value);
    if (into.reason.empty()) into.reason = from.reason;
}

} // namespace

void Taint::add(const Taint& other) {
    fetched |= other.fetched;
    decoded |= other.decoded;
    secret |= other.secret;
    for (const int source : other.sources)
        if (sources.size() < kMaxSources && std::ranges::find(sources, source) == sources.end())
            sources.push_back(source);
}

const Cell* State::get(const std::string& key) const {
    const auto found = cells_.find(key);
    return found == cells_.end() ? nullptr : &found->second;
}

void State::note(const std::string& key) {
    const auto found = cells_.find(key);
    journal_.emplace_back(key, found == cells_.end() ? std::nullopt : std::optional(found->second));
}

void State::set(const std::string& key, Cell cell) {
    note(key);
    cells_[key] = std::move(cell);
}

void State::set(const std::string& key, std::string value, Taint taint) {
    Cell cell;
    cell.values.push_back(std::move(value));
    cell.taint = std::move(taint);
    set(key, std::move(cell));
}

void State::erase(const std::string& key) {
    note(key);
    cells_.erase(key);
}

Changes State::leave(std::size_t mark) {
    Changes changes;
    for (auto at = journal_.size(); at-- > mark;) {
        auto& [key, old] = journal_[at];
        const auto found = cells_.find(key);
        changes.try_emplace(key, found == cells_.end() ? std::nullopt : std::optional(found->second));
        if (old)
            cells_[key] = std::move(*old);
        else
            cells_.erase(key);
    }
    journal_.resize(mark);
    return changes;
}

void State::join(const std::vector<Changes>& branches) {
    std::set<std::string> keys;
    for (const auto& branch : branches)
        for (const auto& [key, cell] : branch) keys.insert(key);
    for (const auto& key : keys) {
        std::optional<Cell> joined;
        bool unset = false;
        for (const auto& branch : branches) {
            const auto found = branch.find(key);
            const Cell* cell = found == branch.end() ? get(key) : found->second ? &*found->second : nullptr;
            if (cell == nullptr)
                unset = true;
            else if (!joined)
                joined = *cell;
            else
                merge(*joined, *cell);
        }
        if (joined && unset && key.starts_with("v:")) add_value(*joined, "");
        if (joined) set(key, std::move(*joined));
    }
}

void State::apply(Changes changes) {
    for (auto& [key, cell] : changes) {
        if (cell)
            set(key, std::move(*cell));
        else
            erase(key);
    }
}

} // namespace owhale::policy::normal
