#include "pairing/codes.hpp"

#include <algorithm>
#include <limits>
#include <ranges>
#include <sodium.h>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "shared/pairing/code.hpp"

namespace owhale::pairing {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000, kSecondUs = 1'000'000;

} // namespace

std::string_view name_of(State state) {
    switch (state) {
    case State::open:
        return "open";
    case State::joined:
        return "joined";
    case State::paired:
        return "paired";
    case State::cancelled:
        return "cancelled";
    case State::expired:
        return "expired";
    case State::dead:
        return "dead";
    }
    return "";
}

Entry::~Entry() {
    wipe_code();
}

void Entry::wipe_code() {
    ::sodium_memzero(code.data(), code.size());
    code.clear();
}

void Entry::tell() {
    for (auto* timer : waiters) timer->cancel();
}

void Codes::restart_clock(Entry& entry) const {
    entry.deadline_ns = clock_() + kLife * kSecondNs;
    entry.expires_us = wall_clock_us() + kLife * kSecondUs;
}

void Codes::begin(Entry& entry, const std::string& join, Attempt attempt) const {
    ++entry.tries;
    attempt.deadline_ns = clock_() + kProof * kSecondNs;
    entry.attempts.emplace(join, std::move(attempt));
}

void Codes::lapse(Entry& entry, std::int64_t now, const char* why) const {
    for (auto at = entry.attempts.begin(); at != entry.attempts.end();) {
        if (now < at->second.deadline_ns) {
            ++at;
            continue;
        }
        ++entry.wrong;
        told_.unproved(entry, at->first, at->second, why);
        at = entry.attempts.erase(at);
    }
}

void Codes::lapse_all(Entry& entry) const {
    lapse(entry, std::numeric_limits<std::int64_t>::max(),
          "it was begun, and not proved before the code was used or ended");
}

// A code takes its tries along.
void Codes::end(Entry& entry, State how) const {
    lapse_all(entry);
    entry.wipe_code();
    entry.state = how;
    entry.tell();
}

// A code is spent when its last try is: not while one of the five may still prove itself, or whoever sees two characters of it
// could end it for the right device; and not until its own time, or it stood there open for nobody.
void Codes::sweep() {
    const auto now = clock_();
    for (auto& [id, entry] : entries_) {
        lapse(*entry, now, "it was begun, and not proved in its minute");
        if (entry->has_ended() || entry->confirming) continue;
        if (now >= entry->deadline_ns) {
            end(*entry, State::expired);
        } else if (entry->is_spent()) {
            end(*entry, State::dead);
            told_.spent(*entry);
        }
    }
    std::erase_if(entries_, [&](const auto& one) {
        return one.second->has_ended() && now >= one.second->deadline_ns + kLife * kSecondNs;
    });
}

Result<std::shared_ptr<Entry>> Codes::make(std::string maker) {
    sweep();
    std::size_t open = 0;
    for (const auto& [id, entry] : entries_) {
        if (entry->has_ended()) continue;
        ++open;
        if (entry->maker == maker)
            return fail(Code::conflict, "there is a code of yours already, for " + entry->name,
                        "use it, or end it: owhalectl pair cancel " + id);
    }
    if (open >= kMost) return fail(Code::busy, "too many pairing codes are open", "try again in a few minutes");
    auto entry = std::make_shared<Entry>();
    entry->id = to_string(make_uuid());
    entry->maker = std::move(maker);
    do entry->code = new_code();
    while (open_with(hint_of(entry->code)) != nullptr);
    entry->created_us = wall_clock_us();
    restart_clock(*entry);
    entries_.emplace(entry->id, entry);
    return entry;
}

std::shared_ptr<Entry> Codes::find(const std::string& id) {
    sweep();
    const auto at = entries_.find(id);
    return at == entries_.end() ? nullptr : at->second;
}

std::shared_ptr<Entry> Codes::open_with(std::string_view hint) {
    sweep();
    for (const auto& [id, entry] : entries_)
        if (entry->state == State::open && hint_of(entry->code) == hint) return entry;
    return nullptr;
}

std::shared_ptr<Entry> Codes::of_join(const std::string& join) {
    sweep();
    if (join.empty()) return nullptr;
    for (const auto& [id, entry] : entries_)
        if (entry->join == join || entry->attempts.contains(join)) return entry;
    return nullptr;
}

std::vector<std::shared_ptr<Entry>> Codes::all() {
    sweep();
    std::vector<std::shared_ptr<Entry>> out;
    for (const auto& entry : entries_ | std::views::values | std::views::reverse) out.push_back(entry);
    return out;
}

} // namespace owhale::pairing
