// The API's messages about who agrees: approvals, grants, freezes. See shared/api.hpp for the conventions.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/api.hpp"

namespace owhale::api {

struct FrozenFile {     // a file whose content is part of what is agreed to
    std::string path;   // real, absolute
    std::string digest; // "" when it could not be read: then nobody can agree
    std::string
        role; // "program", "interpreter", "script", "command" (PATH says which), "input" (read by what runs what it reads)
    bool held = false; // only root can write it
};
BOOST_DESCRIBE_STRUCT(FrozenFile, (), (path, digest, role, held))

// The plan that a request freezes. Its digest (SHA-256 of the RFC 8785 form) is what people agree to, what a device signs,
// and what is compared again before the exec. A change to any member is another plan.
struct Frozen {
    std::uint32_t version = 1;
    std::string verb;                             // "runs.create", "runs.exec"
    std::string principal;                        // who asked
    std::uint32_t uid = 0;                        // as whom it runs
    std::optional<std::vector<std::string>> argv; // exactly one of argv, script, language+code
    std::optional<std::string> script, language, code;
    std::optional<std::vector<std::string>> args; // further arguments of script or code
    std::string cwd, workspace;                   // real paths, "" none
    bool workspace_writable = false;
    std::map<std::string, std::string> environment; // name to SHA-256 of its value; what the program will see
    std::string profile, profile_digest, net;
    std::map<std::string, std::string> limits; // as in the receipt
    std::vector<FrozenFile> files;             // the program first
    std::string policy;                        // version of the rules
    std::string stdin_digest;                  // of stdin given whole, "" none
    bool tty = false;
    std::optional<std::string> joined; // the run whose cage it enters
    std::optional<NetScope> scope;     // of a scoped network; of kind "host" the one host that is asked for
};
BOOST_DESCRIBE_STRUCT(Frozen, (),
                      (version, verb, principal, uid, argv, script, language, code, args, cwd, workspace,
                       workspace_writable, environment, profile, profile_digest, net, limits, files, policy,
                       stdin_digest, tty, joined, scope))

struct Decision {         // of one person about one request
    std::string by;       // "user:alice", "device:…"
    std::string decision; // "approve", "deny"
    std::string at;
    std::optional<std::string> reason;
    std::string proof;  // "password", "window", "device"
    bool counts = true; // towards the quorum: not when it is the requester's own human and a quorum counts
    std::optional<std::string> device_name; // what the device that decided was called then
};
BOOST_DESCRIBE_STRUCT(Decision, (), (by, decision, at, reason, proof, counts, device_name))

struct GrantOffer {                     // what a standing grant of this request could be
    bool once_only = false;             // it runs workspace code: longer only with trust_workspace
    std::optional<std::string> refused; // why nothing but once is possible at all
    std::optional<std::vector<std::string>>
        template_;                 // JSON "template": argv with the words that could vary as <path>, <word>, <number>
    std::vector<FrozenFile> binds; // ends when one of these changes
};
BOOST_DESCRIBE_STRUCT(GrantOffer, (), (once_only, refused, template_, binds))

struct Approval {
    std::string id;
    std::string kind;                // "run"; later issues: "host", "secret", "changes"
    std::string state;               // pending approved denied expired cancelled; of approved: used, void
    std::string run;                 // the run that waits
    std::vector<std::string> joined; // further runs with the same plan that wait for the same answer
    std::string principal;
    std::optional<std::string> parent; // the run that asked, when a run did
    std::uint32_t uid = 0;
    std::string created, expires;
    std::optional<std::string> decided, ended;
    std::string severity; // of the verdict: low medium high critical
    std::string digest;
    std::optional<Frozen> frozen;                   // not in lists
    std::map<std::string, std::string> environment; // what is shown of it: values, secrets masked; not in lists
    std::vector<std::string> command;               // as in Run; secrets masked; in lists at most 4 KiB of it
    std::string cwd;
    Verdict verdict;
    std::optional<std::string> description; // the requester's own words: untrusted
    std::uint32_t quorum = 1;               // how many have to agree
    std::vector<Decision> decisions;
    std::optional<GrantOffer> offer;          // not in lists
    std::optional<std::string> grant;         // the grant that its approval made
    bool waits = false;                       // a client waits for it: cancelled when that goes
    bool claimable = false;                   // approved, and its connection is gone: its requester has to claim it
    bool throttled = false;                   // its principal asks too much: not announced
    std::optional<std::string> ended_because; // a sentence: why it was cancelled, void, expired
    std::optional<bool> may_decide;           // whether who reads this may; with `why_not`
    std::optional<std::string> why_not;
    std::optional<std::vector<std::string>> notes; // sentences: why it could fail although people agree
};
BOOST_DESCRIBE_STRUCT(Approval, (),
                      (id, kind, state, run, joined, principal, parent, uid, created, expires, decided, ended, severity,
                       digest, frozen, environment, command, cwd, verdict, description, quorum, decisions, offer, grant,
                       waits, claimable, throttled, ended_because, may_decide, why_not, notes))
struct ApprovalList {
    std::vector<Approval> approvals; // newest first; without frozen, environment and offer
    std::optional<std::string> next; // pass as ?before=
    std::uint64_t pending = 0;       // that the caller may see
};
BOOST_DESCRIBE_STRUCT(ApprovalList, (), (approvals, next, pending))

struct GrantRequest {                             // what an approval leaves behind; absent: it is for this once
    std::optional<std::uint32_t> times;           // 1 to 1,000 further runs
    std::optional<std::uint64_t> for_ms;          // at most 30 days
    std::optional<std::vector<std::string>> like; // an argument template
    std::optional<bool> trust_workspace;          // although it runs code of the workspace that nothing binds
};
BOOST_DESCRIBE_STRUCT(GrantRequest, (), (times, for_ms, like, trust_workspace))
struct ApproveRequest { // POST /v1/approvals/{id}/approve
    std::string digest; // what was looked at: another one is refused
    std::optional<std::string> reason;
    std::optional<GrantRequest> grant;
};
BOOST_DESCRIBE_STRUCT(ApproveRequest, (), (digest, reason, grant))
struct DenyRequest { // POST /v1/approvals/{id}/deny, /cancel
    std::optional<std::string> digest, reason;
};
BOOST_DESCRIBE_STRUCT(DenyRequest, (), (digest, reason))
struct DecideItem {
    std::string id, digest;
};
BOOST_DESCRIBE_STRUCT(DecideItem, (), (id, digest))
struct DecideRequest {    // POST /v1/approvals/decide: like requests together, at most 1,000
    std::string decision; // "approve", "deny"
    std::vector<DecideItem> items;
    std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(DecideRequest, (), (decision, items, reason))
struct Decided {
    std::string id;
    std::string state;               // after it
    std::optional<std::string> code; // why this one was not decided
    std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(Decided, (), (id, state, code, error))
struct DecidedList {
    std::vector<Decided> decided; // in the request's order
};
BOOST_DESCRIBE_STRUCT(DecidedList, (), (decided))

struct PromptCount {             // questions of one principal, by hour
    std::string principal, hour; // RFC 3339, the hour's beginning
    std::uint64_t asked = 0, approved = 0, denied = 0, expired = 0, joined = 0, throttled = 0,
                  granted = 0; // granted: spared by a grant
};
BOOST_DESCRIBE_STRUCT(PromptCount, (), (principal, hour, asked, approved, denied, expired, joined, throttled, granted))
struct Suggestion {                    // what would have spared questions
    std::uint64_t spares = 0;          // of those counted
    std::string rule;                  // the rule that asked
    std::string kind;                  // "grant", "rule"
    std::string text;                  // the TOML of a rule, or the template of a grant
    std::vector<std::string> examples; // commands, at most 5, secrets masked
};
BOOST_DESCRIBE_STRUCT(Suggestion, (), (spares, rule, kind, text, examples))
struct ApprovalStats { // GET /v1/approvals/stats
    std::vector<PromptCount> counts;
    std::vector<Suggestion> suggestions;
    std::uint64_t median_answer_ms = 0; // from question to answer
};
BOOST_DESCRIBE_STRUCT(ApprovalStats, (), (counts, suggestions, median_answer_ms))

struct Grant {
    std::string id, principal, workspace, profile;
    std::string state;                                 // active used expired revoked void
    std::vector<std::string> command;                  // argv as approved, or the template's words
    std::optional<std::vector<std::string>> template_; // JSON "template"
    std::optional<std::string> script;                 // of a script: that very text
    std::vector<FrozenFile> binds;
    bool trust_workspace = false;
    std::optional<std::uint32_t> times; // of the uses it was given
    std::uint32_t used = 0;
    std::optional<std::string> expires, last_used, ended;
    std::string created, by, approval;    // when, by whom, with which approval
    std::string cwd, net, rule, severity; // it holds in this folder, with this network, for what this rule asks about
    std::optional<std::string> ended_because;
};
BOOST_DESCRIBE_STRUCT(Grant, (),
                      (id, principal, workspace, profile, state, command, template_, script, binds, trust_workspace,
                       times, used, expires, last_used, ended, created, by, approval, cwd, net, rule, severity,
                       ended_because))
struct GrantList {
    std::vector<Grant> grants; // newest first
};
BOOST_DESCRIBE_STRUCT(GrantList, (), (grants))

struct FreezeRequest {                    // POST /v1/freeze
    std::optional<std::string> principal; // absent: everybody
    std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(FreezeRequest, (), (principal, reason))
struct Freeze {
    std::string principal; // "*" everybody
    std::string since, by;
    std::optional<std::string> reason;
    std::uint64_t runs = 0;          // held still
    std::vector<std::string> weaker; // sentences: in what it holds less than it could
};
BOOST_DESCRIBE_STRUCT(Freeze, (), (principal, since, by, reason, runs, weaker))
struct FreezeList {
    std::vector<Freeze> freezes;
};
BOOST_DESCRIBE_STRUCT(FreezeList, (), (freezes))

} // namespace owhale::api
