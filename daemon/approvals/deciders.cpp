#include "approvals/deciders.hpp"

#include <array>

#include "config/severities.hpp"

namespace owhale::approvals {
namespace {

using identity::Kind;
using identity::Permission;
using identity::Principal;

bool is_person(const Principal& who) {
    return (who.kind == Kind::user || who.kind == Kind::device) && !who.for_agent && !who.must_change;
}

// Who sits at the uid that asked: the agent has that very uid, and can read what this person can.
bool is_at_its_uid(const Principal& who, const Question& question) {
    return who.uid != static_cast<uid_t>(-1) && question.uid != static_cast<uid_t>(-1) && who.uid == question.uid;
}

// The same, or the account whose agent's token asked.
bool is_own(const Principal& who, const Question& question) {
    const auto person = who.person();
    return person == question.principal || person == question.payer || is_at_its_uid(who, question);
}

// Whose word may be the agent's own: not that of a device whose key is elsewhere. One on this machine lies in a file that
// whatever has its user's uid reads; and over TCP nobody knows which uid the agent has.
bool is_in_its_reach(const Principal& who, const Question& question) {
    constexpr auto kNone = static_cast<uid_t>(-1);
    if (who.kind != Kind::device) return is_own(who, question);
    return who.uid != kNone && (question.uid == kNone || is_own(who, question));
}

bool is_over(const Principal& who, const Question& question, const House& house) {
    if ((who.role_set & identity::kAdmin) != 0) return false;
    return config::severity_rank(question.severity) > config::severity_rank(house.approver_severity);
}

struct Row { // the first that fits refuses
    bool (*fits)(const Principal&, const Question&, const House&);
    std::string_view why;
};

constexpr std::array kRefusals = {
    Row{[](const Principal& who, const Question&, const House&) { return who.for_agent; },
        "a token for an agent decides nothing: a person has to, logged in (owhalectl login)"},
    Row{[](const Principal& who, const Question&, const House&) { return who.kind == Kind::run; },
        "a run decides nothing: a person has to, outside of the cage"},
    Row{[](const Principal& who, const Question&, const House&) { return !is_person(who); },
        "a user id decides nothing, for the agent may have the same: log in (owhalectl login)"},
    Row{[](const Principal& who, const Question&, const House&) {
            return !who.may(Permission::approvals_decide, false);
        },
        "it takes the role approver or admin"},
    Row{is_over, "it is beyond what the role approver decides here (approver-severity): an admin has to"},
    Row{[](const Principal& who, const Question& question, const House& house) {
            return !house.own_human_decides && is_in_its_reach(who, question);
        },
        "you asked it yourself, or what runs with your uid did: in strict mode another person has to agree, or a "
        "device "
        "of yours elsewhere"},
};

} // namespace

Ruling rule(const Principal& who, const Question& question, const House& house) {
    for (const auto& row : kRefusals)
        if (row.fits(who, question, house)) return {false, false, std::string(row.why)};
    return {true, question.quorum < 2 || !is_own(who, question), {}};
}

} // namespace owhale::approvals
