#include "egress/http/session.hpp"

#include <map>
#include <utility>

namespace owhale::egress::http {
namespace {

// What the connections of one run search for: together, as long as one of them is open.
std::shared_ptr<Needles> needles_of(const std::shared_ptr<Gate>& gate) {
    thread_local std::map<std::weak_ptr<Gate>, std::weak_ptr<Needles>, std::owner_less<>> known;
    std::erase_if(known, [](const auto& one) { return one.second.expired(); });
    auto needles = known[gate].lock();
    if (needles) return needles;
    needles = std::make_shared<Needles>();
    known[gate] = needles;
    return needles;
}

} // namespace

void learn_values(Session& session) {
    if (std::exchange(session.needles_made, true)) return;
    session.needles = needles_of(session.gate);
    if (!session.needles->empty()) return;
    for (const auto& secret : session.gate->run().secrets) {
        if (!secret.open) continue;
        if (const auto value = secret.open()) session.needles->add(value->text(), secret.placeholder);
    }
}

} // namespace owhale::egress::http
