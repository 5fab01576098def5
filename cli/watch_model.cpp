// The model's memory: the requests that wait, what is read of them, and what became of wishes.
#include "cli/watch_model.hpp"

#include <algorithm>

#include "cli/approvals.hpp"
#include "cli/device_names.hpp"
#include "cli/units.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostAtOnce = 50; // decided together: a person reads no more
constexpr std::size_t kMostGone = 16;   // looked up at once

// The same program with the same options and as many words: what differs are operands.
bool like(const api::Approval& a, const api::Approval& b) {
    if (a.principal != b.principal || a.verdict.rule != b.verdict.rule || a.severity != b.severity) return false;
    if (a.command.size() != b.command.size() || a.quorum != b.quorum) return false;
    for (std::size_t i = 0; i < a.command.size(); ++i) {
        const bool fixed = i == 0 || a.command[i].starts_with('-') || b.command[i].starts_with('-');
        if (fixed && a.command[i] != b.command[i]) return false;
    }
    return true;
}

bool by_age(const api::Approval& a, const api::Approval& b) {
    return a.id < b.id;
}

} // namespace

std::size_t WatchModel::listed(std::vector<api::Approval> pending) {
    std::ranges::sort(pending, by_age);
    std::size_t fresh = 0;
    for (const auto& one : pending)
        if (!std::ranges::binary_search(pending_, one, by_age)) ++fresh;
    const auto was = position();
    note_gone(pending);
    pending_ = std::move(pending);
    std::erase_if(whole_, [&](const auto& known) {
        return std::ranges::none_of(pending_, [&](const auto& one) { return one.id == known.first; });
    });
    const auto gone = std::erase_if(batch_, [&](const auto& id) {
        return std::ranges::none_of(pending_, [&](const auto& one) { return one.id == id; });
    });
    if (gone > 0) interrupted("one of these waits no more");
    if (current() != nullptr) return fresh;
    if (!selected_.empty()) interrupted("request " + short_id(selected_) + " waits no more");
    select(was);
    return fresh;
}

// Both are in order of age.
void WatchModel::note_gone(const std::vector<api::Approval>& pending) {
    for (const auto& one : pending_) {
        if (std::ranges::binary_search(pending, one, by_age) || gone_.size() == kMostGone) continue;
        gone_.push_back(one.id);
        if (one.id == selected_ || std::ranges::find(batch_, one.id) != batch_.end()) chosen_gone_ = one.id;
    }
}

void WatchModel::ended(const api::Approval& one) {
    if (mine_.contains(one.id)) return; // it would take the place of what the decision's own answer says
    auto text = short_id(one.id) + " " + one.state;
    if (one.ended_because)
        text += ": " + *one.ended_because;
    else if (!one.decisions.empty())
        text += " by " + called(one.decisions.back().by, one.decisions.back().device_name);
    const bool chosen = one.id == chosen_gone_;
    if (mode_ == Mode::told && chosen) question_ = "Enter goes on; " + text;
    if ((mode_ == Mode::browse || mode_ == Mode::batch) && (chosen || message_.empty())) message_ = text;
}

void WatchModel::loaded(api::Approval whole) {
    const auto id = whole.id;
    whole_.insert_or_assign(id, std::move(whole));
}

std::vector<std::string> WatchModel::wanted() const {
    std::vector<std::string> ids = batch_;
    if (!selected_.empty()) ids.push_back(selected_);
    std::erase_if(ids, [&](const auto& id) { return whole_.contains(id); });
    return ids;
}

const api::Approval* WatchModel::current() const {
    for (const auto& one : pending_)
        if (one.id == selected_) return &one;
    return nullptr;
}

std::size_t WatchModel::position() const {
    for (std::size_t i = 0; i < pending_.size(); ++i)
        if (pending_[i].id == selected_) return i;
    return 0;
}

void WatchModel::select(std::size_t index) {
    selected_ = pending_.empty() ? "" : pending_[std::min(index, pending_.size() - 1)].id;
    batch_.clear();
    begin_reading();
}

void WatchModel::begin_reading() {
    read_key_.clear();
    since_ = -1;
    top_ = seen_ = 0;
}

std::vector<std::string> WatchModel::like_current() const {
    std::vector<std::string> ids;
    const auto* chosen = current();
    if (chosen == nullptr) return ids;
    for (const auto& one : pending_)
        if (like(*chosen, one) && ids.size() < kMostAtOnce) ids.push_back(one.id);
    return ids;
}

bool WatchModel::window_is_open() const {
    return signs_ || parse_time(window_until_) > wall_;
}

// With the window open, or signed, at once; else when the password has opened it.
Wish WatchModel::begin(Word word) {
    word_ = std::move(word);
    if (window_is_open()) {
        busy_ = true;
        return {Wish::What::decide, word_, {}};
    }
    ask(Mode::password, "Password of " + (account_.empty() ? "your account" : account_) + ": ");
    return {};
}

void WatchModel::ask(Mode mode, const std::string& question) {
    clear_line();
    mode_ = mode;
    question_ = question;
}

void WatchModel::clear_line() {
    wipe(line_);
    line_.clear();
    line_.reserve(kMostLine);
}

void WatchModel::back(const std::string& message) {
    clear_line();
    if (mode_ != Mode::browse && mode_ != Mode::batch) mode_ = batch_.empty() ? Mode::browse : Mode::batch;
    message_ = message;
}

// What is being typed, a password perhaps, is no keys because its question is gone.
void WatchModel::interrupted(const std::string& why) {
    if (mode_ == Mode::browse || mode_ == Mode::batch) return back(why);
    ask(Mode::told, "Enter goes on; " + why);
}

Wish WatchModel::window_opened(const std::string& until, Moment) {
    window_until_ = until;
    busy_ = false;
    if (word_.items.empty()) return {};
    busy_ = true;
    return {Wish::What::decide, word_, {}};
}

void WatchModel::refused(const std::string& why, bool again) {
    busy_ = false;
    if (again)
        ask(Mode::password, why + ". Password: ");
    else
        ask(Mode::told, "Enter goes on; " + why);
}

Wish WatchModel::window_lost() {
    busy_ = false;
    window_until_.clear();
    return begin(std::move(word_));
}

void WatchModel::decided(const std::vector<api::DecideItem>& items, const std::string& what) {
    busy_ = false;
    word_ = {};
    for (const auto& item : items) mine_.insert(item.id);
    const auto was = position();
    std::erase_if(pending_, [&](const auto& one) {
        return std::ranges::any_of(items, [&](const auto& item) { return item.id == one.id; });
    });
    mode_ = Mode::browse;
    select(was);
    message_ = what;
}

} // namespace owhale::cli
