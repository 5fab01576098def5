#include "shared/openapi_facts.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <string>

#include "shared/error.hpp"
#include "shared/pairing/terms.hpp"

namespace owhale::openapi_facts {
namespace {

namespace json = boost::json;

struct Words {
    // tests/unit/sandbox/state.cpp and tests/unit/approvals/states.cpp hold theirs to the daemon's tables.
    std::string_view name, words;
};
constexpr std::string_view kPowers = "approve audit runs freeze";

consteval bool names_all_powers() {
    auto left = kPowers;
    for (const auto& row : pairing::kPowers) {
        if (!left.starts_with(row.name)) return false;
        left.remove_prefix(row.name.size());
        if (left.starts_with(' ')) left.remove_prefix(1);
    }
    return left.empty();
}
static_assert(names_all_powers(), "shared/pairing/terms.hpp has the powers");

constexpr std::array kWords = {
    Words{"run_state",
          "queued waiting_approval starting running exited signaled timed_out limit_exceeded killed denied "
          "expired cancelled failed lost"},
    Words{"approval_state", "pending approved used void denied expired cancelled"},
    Words{"grant_state", "active used expired revoked void"},
    Words{"decision", "allow ask deny"},
    Words{"severity", "none low medium high critical"},
    Words{"role", "admin approver agent auditor monitor"},
    Words{"power", kPowers},
    Words{"pairing_state", "open joined paired cancelled expired dead"},
    Words{"pairing_via", "program browser browser-untrusted"}, // shared/pairing/bound.hpp
    Words{"mode", "local strict"},
    Words{"net", "none scoped host"},
    Words{"language", "python javascript typescript bash perl ruby"},
    Words{"base64", "base64"},
    Words{"kind", "argv script code"},
    Words{"answer", "approve deny"},
    Words{"check_state", "ok weaker missing"},
    Words{"secret_as", "placeholder env"},
    Words{"broker", "ssh-agent"},
    Words{"stream", "stdout stderr"},
    Words{"outcome", "ok pending failed denied exited signaled timed_out limit_exceeded killed expired cancelled lost"},
};

struct Fact {
    std::string_view field; // "Run.state"; ".created": of every message
    std::string_view words; // the set its text is one of
    std::string_view format;
    std::string_view description;
    double low = 0, high = 0; // of numbers, when high > 0
};
// The first that fits holds.
constexpr std::array kFacts = {
    Fact{"Run.state", "run_state", "", "The last ten are ends."},
    Fact{"Run.exit_code", "", "", "As a shell says it: 128+n for a signal, 124 timed out."},
    Fact{"Run.code", "code", "", "Why it failed or was refused."},
    Fact{"Run.kind", "kind", "", ""},
    Fact{"Run.language", "language", "", ""},
    Fact{"Run.net", "net", "", ""},
    Fact{"Run.stdout_encoding", "base64", "", "When `stdout` is not UTF-8."},
    Fact{"Run.stderr_encoding", "base64", "", "When `stderr` is not UTF-8."},
    Fact{"Run.stdout", "", "", "Of a waited run that has ended; the rest by GET /v1/runs/{id}/output."},
    Fact{"Run.stderr", "", "", "As `stdout`."},
    Fact{"Run.timing", "", "", "Microseconds by step."},
    Fact{"Why.state", "run_state", "", ""},
    Fact{"Receipt.state", "run_state", "", ""},
    Fact{"Receipt.started", "", "", "When; empty when it never started."},
    Fact{"Stream.encoding", "base64", "", ""},
    Fact{"Verdict.decision", "decision", "", ""},
    Fact{"Verdict.severity", "severity", "", ""},
    Fact{"Verdict.change", "", "", "TOML: the smallest rule that would change the verdict."},
    Fact{"HostVerdict.decision", "decision", "", ""},
    Fact{"PolicyRule.decision", "decision", "", ""},
    Fact{"PolicyRules.mode", "mode", "", ""},
    Fact{"Approval.state", "approval_state", "", "`pending` is the only one that waits for people."},
    Fact{"Decided.code", "code", "", "Why this one was not decided."},
    Fact{"Decision.decision", "answer", "", ""},
    Fact{"DecideRequest.decision", "answer", "", ""},
    Fact{"Grant.state", "grant_state", "", ""},
    Fact{"GrantRequest.times", "", "", "Further runs.", 1, 1000},
    Fact{"GrantRequest.for_ms", "", "", "At most 30 days.", 1, 2592000000.0},
    Fact{"Check.state", "check_state", "", ""},
    Fact{"ServerStatus.mode", "mode", "", ""},
    Fact{"Problem.code", "code", "", "Stable: what a client decides by. Later versions may add codes."},
    Fact{"Problem.status", "", "", "The HTTP status.", 400, 599},
    Fact{"Problem.next", "", "", "What to do next, in words."},
    Fact{"Problem.verdict", "", "", "Of a run that the policy refused."},
    Fact{"Problem.run", "", "uuid", "The run that was refused."},
    Fact{"Problem.approval", "", "uuid", "The request that was not agreed to."},
    Fact{"Problem.retry_after", "", "", "Seconds, as the header Retry-After."},
    Fact{"RunRequest.argv", "", "", "A command, exact: no shell reads it."},
    Fact{"RunRequest.script", "", "", "Run by bash -c if there is one, else by sh -c."},
    Fact{"RunRequest.language", "language", "", "Of `code`."},
    Fact{"RunRequest.cwd", "", "", "Absolute; left out: a private empty folder."},
    Fact{"RunRequest.wait", "", "", "Answer when it has ended. The header Prefer: wait=N bounds that."},
    Fact{"RunRequest.detach", "", "", "It goes on when its client goes."},
    Fact{"RunRequest.attach", "", "", "Output is held back until a WebSocket attaches, 10 s at most."},
    Fact{"RunRequest.stdin_open", "", "", "stdin comes over the WebSocket."},
    Fact{"RunRequest.net", "net", "", ""},
    Fact{"RunRequest.timeout_ms", "", "", "0: none.", 0, 31622400000.0},
    Fact{"RunRequest.description", "", "", "The agent's own words for whoever is asked, at most 4 KiB."},
    Fact{"RunRequest.brokers", "broker", "", ""},
    Fact{"CheckRequest.language", "language", "", ""},
    Fact{"CheckRequest.net", "net", "", ""},
    Fact{"ExecRequest.timeout_ms", "", "", "0: none.", 0, 31622400000.0},
    Fact{"SecretUse.as", "secret_as", "", ""},
    Fact{"SignalRequest.signal", "", "", "TERM, SIGTERM or 15."},
    Fact{"KillRequest.grace_ms", "", "", "Between SIGTERM and SIGKILL.", 0, 3600000},
    Fact{"StepUpRequest.seconds", "", "", "300 when left out.", 1, 900},
    Fact{"LoginRequest.password", "", "password", ""},
    Fact{"PasswordRequest.old_password", "", "password", ""},
    Fact{"PasswordRequest.new_password", "", "password", ""},
    Fact{"StepUpRequest.password", "", "password", ""},
    Fact{"TokenRequest.role", "role", "", ""},
    Fact{"Token.role", "role", "", ""},
    Fact{"UserRequest.roles", "role", "", ""},
    Fact{"RolesRequest.roles", "role", "", ""},
    Fact{"User.roles", "role", "", ""},
    Fact{"PairRequest.can", "power", "", "What the device may do, as far as its owner may at the time."},
    Fact{"PairRequest.for_ms", "", "", "90 days when left out; 366 at most.", pairing::kShortestLife,
         pairing::kLongestLife},
    Fact{"Pairing.state", "pairing_state", "", "`joined` waits for its maker to confirm."},
    Fact{"Pairing.can", "power", "", ""},
    Fact{"Pairing.tries", "", "", "That have begun, of five.", 0, 5},
    Fact{"Pairing.wrong", "", "", "Of `tries` those that failed, or were not proved within their minute.", 0, 5},
    Fact{"Pairing.via", "pairing_via", "", "By the device's own word, bound to the code that it proved."},
    Fact{"Pairing.uid", "", "",
         "Of owhaled's own machine, when it joined from there: programs of that user can read its key."},
    Fact{"Pairing.gone", "", "",
         "Of a joined one: whether the connection on which the device waits has ended. Then it is not confirmed."},
    Fact{"Pairing.replaces", "", "",
         "The id of a device of the same owner, whose key signed the proof, too: it is removed at `confirm`."},
    Fact{"JoinProof.replaces", "", "",
         "The id of the paired device that signed this very request (RFC 9421), and is to go for the new one. "
         "Another's stays, if "
         "somebody else made the code."},
    Fact{"JoinState.replaces", "", "", "The device that goes, or went, as this one is confirmed."},
    Fact{"Decision.device_name", "", "", "What the device that decided was called then."},
    Fact{"Whoami.device_name", "", "", "Of a paired device: what it is called."},
    Fact{"JoinRequest.via", "pairing_via", "", "A page says whether its browser believes the certificate."},
    Fact{"JoinState.state", "pairing_state", "", ""},
    Fact{"JoinState.can", "power", "", ""},
    Fact{"ConfirmRequest.can", "power", "", "Left out: those that the code was made with."},
    Fact{"Device.can", "power", "", "What it was given."},
    Fact{"Device.now", "power", "", "What of that its owner has now."},
    Fact{"Device.expires", "", "date-time", ""},
    Fact{"Authority.expires", "", "date-time", ""},
    Fact{"DeviceChange.can", "power", "", "Fewer than it has."},
    Fact{"ModeTable.mode", "mode", "", ""},
    Fact{"RunList.next", "", "", "Pass as ?before= for the next page; absent: it was the last."},
    Fact{"ApprovalList.next", "", "", "Pass as ?before= for the next page; absent: it was the last."},
    Fact{"AuditList.next", "", "", "Pass as ?before= (or ?after=, where that was asked for); absent: that was all."},
    Fact{"AuditList.complete", "", "", "False: the time of one page ran out; `next` goes on with the search."},
    Fact{"AuditList.searched_to", "", "", "The last event that was looked at; with `wait`, pass it as ?after=."},
    Fact{"AuditList.searched_until", "", "date-time", "About when that was; of who may read everybody's."},
    Fact{"AuditEntry.event", "", "", "Null when it is no longer kept; see `dropped`."},
    Fact{"AuditEntry.hash", "", "", "Hex, SHA-256 of a zero byte and the event's RFC 8785 JSON: its leaf (RFC 6962)."},
    Fact{"AuditProof.hashes", "", "", "Base64, from the leaf's neighbour up (RFC 6962, 2.1.1)."},
    Fact{"AuditProof.checkpoint", "", "", "A signed note: C2SP tlog-checkpoint."},
    Fact{"AuditDropped.by", "", "", "The event that tells of it."},
    Fact{"AuditDropped.dropped_at", "", "date-time", ""},
    Fact{"AuditDropped.time", "", "date-time", ""},
    Fact{"AuditStats.since", "", "date-time", "Counted from here on."},
    Fact{"AuditStats.until", "", "date-time", "Counted up to here."},
    Fact{"Run.id", "", "uuid", ""},
    Fact{"Approval.id", "", "uuid", ""},
    Fact{".created", "", "date-time", ""},
    Fact{".created_at", "", "date-time", ""},
    Fact{".expires_at", "", "date-time", ""},
    Fact{".decided_at", "", "date-time", ""},
    Fact{"Session.expires", "", "date-time", ""},
    Fact{"Token.expires", "", "date-time", ""},
    Fact{"Approval.expires", "", "date-time", ""},
    Fact{"Run.started", "", "date-time", ""},
    Fact{"Run.ended", "", "date-time", ""},
    Fact{"ServerStatus.started", "", "date-time", ""},
    Fact{"StepUp.until", "", "date-time", ""},
};

struct Message {
    std::string_view name, description;
    std::string_view one_of; // groups of fields of which exactly one is there: "argv|script|language code"
};
constexpr std::array kMessages = {
    Message{"RunRequest", "What to run, and how: exactly one of argv, script, or language with code.",
            "argv|script|language code"},
    Message{"CheckRequest", "As RunRequest; nothing is run.", "argv|script|language code"},
    Message{"ExecRequest", "A command for the cage of a running run.", ""},
    Message{"Run", "A run, as far as it is. The output is there when it was waited for and has ended.", ""},
    Message{"Receipt", "What the run had, signed (Ed25519 over its RFC 8785 form without `signature`).", ""},
    Message{"Verdict", "May it, why, by which rule, and what would change that.", ""},
    Message{"Approval", "A question to people about one frozen plan.", ""},
    Message{"Problem", "RFC 9457. Decide by `code`; the words are for people.", ""},
};

struct Example {
    std::string_view verb, body; // JSON
};
constexpr std::array kExamples = {
    Example{"runs.create", R"({"argv":["make","test"],"cwd":"/home/alice/project","wait":true,"timeout_ms":600000,)"
                           R"("description":"Runs the tests after the change to the parser."})"},
    Example{"policy.check", R"({"script":"rm -rf build && git push","cwd":"/home/alice/project"})"},
    Example{"login", R"({"name":"alice","password":"correct horse battery staple"})"},
};

json::array split(std::string_view text, char by) {
    json::array out;
    while (!text.empty()) {
        const auto end = std::min(text.find(by), text.size());
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

json::array codes() {
    json::array all;
    for (int i = 0; i <= static_cast<int>(Code::internal); ++i) all.emplace_back(describe(static_cast<Code>(i)).name);
    return all;
}

bool fits(const Fact& fact, std::string_view owner, std::string_view key) {
    const auto dot = fact.field.find('.');
    const auto whose = fact.field.substr(0, dot);
    return fact.field.substr(dot + 1) == key && (whose.empty() || whose == owner);
}

void put(json::object& schema, const Fact& fact) {
    if (!fact.words.empty()) schema["enum"] = words(fact.words);
    if (!fact.format.empty()) schema["format"] = fact.format;
    if (fact.high <= 0) return;
    schema["minimum"] = static_cast<std::int64_t>(fact.low);
    schema["maximum"] = static_cast<std::int64_t>(fact.high);
}

} // namespace

json::array words(std::string_view set) {
    if (set == "code") return codes();
    const auto found = std::ranges::find(kWords, set, &Words::name);
    return found == kWords.end() ? json::array() : split(found->words, ' ');
}

void enrich(json::object& schema, std::string_view owner, std::string_view key) {
    const auto fact = std::ranges::find_if(kFacts, [&](const Fact& one) { return fits(one, owner, key); });
    if (fact == kFacts.end()) return;
    auto* items = schema.if_contains("items");
    put(items != nullptr ? items->as_object() : schema, *fact);
    if (!fact->description.empty()) schema["description"] = fact->description;
}

void enrich_message(json::object& schema, std::string_view owner) {
    const auto found = std::ranges::find(kMessages, owner, &Message::name);
    if (found == kMessages.end()) return;
    schema["description"] = found->description;
    if (found->one_of.empty()) return;
    json::array choices;
    for (const auto& group : split(found->one_of, '|'))
        choices.push_back(json::object{{"required", split(group.as_string(), ' ')}});
    schema["oneOf"] = std::move(choices);
}

json::object example(std::string_view verb) {
    const auto found = std::ranges::find(kExamples, verb, &Example::verb);
    return found == kExamples.end() ? json::object() : json::parse(found->body).as_object();
}

} // namespace owhale::openapi_facts
