// Who may answer a question, and whose word counts. One table of rules, pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "identity/principal.hpp"

namespace owhale::approvals {

struct Question {
    std::string principal, payer; // who asked; for a run, whose it is
    std::uint32_t uid = 0;        // of the requester's Unix connection, -1 over TCP
    std::string severity;
    std::uint32_t quorum = 1;
};

struct Ruling {
    bool may = false;
    bool counts = true;  // towards the quorum
    std::string why_not; // a sentence, and what to do instead
};

struct House { // of the settings
    bool own_human_decides = true;
    std::string_view approver_severity; // up to which the role approver decides
};

// Whether it may decide, apart from the step-up, which the gate has seen to. `who.uid`: where it speaks from, by the kernel's
// word over TCP too; of a device that speaks from elsewhere, where it joined. -1: on another machine.
Ruling rule(const identity::Principal& who, const Question& question, const House& house);

} // namespace owhale::approvals
