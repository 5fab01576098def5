#include "mcp/calls.hpp"

#include <algorithm>
#include <vector>

namespace owhale::mcp {

// All runs of a user share one count: each is a principal, and makes more of these.
std::string Calls::payer_of(const identity::Principal& who) {
    return who.kind == identity::Kind::run ? "runs of " + std::to_string(who.uid) : who.name;
}

std::shared_ptr<Calls::Place> Calls::take(std::shared_ptr<Call> call, std::string session) {
    const auto name = payer_of(call->who());
    const auto found = of_.find(name);
    if (open_.size() >= kMost || (found != of_.end() && found->second >= kMostOfOne)) return nullptr;
    ++of_[name];
    open_.push_back({std::move(call), std::move(session)});
    return std::make_shared<Place>(shared_from_this(), std::prev(open_.end()));
}

Calls::Place::~Place() {
    const auto count = calls_->of_.find(payer_of(at_->call->who()));
    if (--count->second == 0) calls_->of_.erase(count);
    calls_->open_.erase(at_);
}

void Calls::cancel(const std::string& principal, const std::string& session, const json::value& id) {
    std::vector<std::shared_ptr<Call>> meant;
    for (const auto& entry : open_)
        if (entry.session == session && entry.call->who().name == principal && entry.call->id() == id)
            meant.push_back(entry.call);
    if (session.empty() && meant.size() != 1) return; // another client's could be meant
    for (const auto& call : meant) call->cancel();
}

void Calls::set_quiet(const std::string& principal, const std::string& session, bool quiet) {
    constexpr std::size_t kKnown = 256;
    std::pair key(principal, session);
    std::erase(quiet_, key);
    if (quiet) quiet_.push_back(std::move(key));
    if (quiet_.size() > kKnown) quiet_.pop_front();
}

bool Calls::is_quiet(const std::string& principal, const std::string& session) const {
    return std::ranges::find(quiet_, std::pair(principal, session)) != quiet_.end();
}

} // namespace owhale::mcp
