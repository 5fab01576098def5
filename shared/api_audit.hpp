// The API's messages about the audit log: events, what proves that they are in its tree, and counts of them. See
// shared/api.hpp for the conventions.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace owhale::api {

// That an event is in the tree of `size` events (RFC 6962, 2.1.1).
struct AuditProof {
    std::uint64_t index = 0;         // of its leaf: the event's sequence number less one
    std::uint64_t size = 0;          // of the tree
    std::vector<std::string> hashes; // base64, from the leaf's neighbour up
    std::string checkpoint;          // the signed note (C2SP tlog-checkpoint) with the root of that tree
};
BOOST_DESCRIBE_STRUCT(AuditProof, (), (index, size, hashes, checkpoint))

// The newest tree head, of all events that were on disk when it was asked for.
struct AuditCheckpoint {
    std::string note;   // the signed note (C2SP tlog-checkpoint), exactly its bytes
    std::string origin; // its first line, and the name of the key
    std::string key;    // the public key in the signed-note form: name+hash+base64
    std::uint64_t size = 0;
    std::string root; // base64
    std::string time; // when it was signed
};
BOOST_DESCRIBE_STRUCT(AuditCheckpoint, (), (note, origin, key, size, root, time))

// RFC 6962, 2.1.1: that a leaf is in the tree of `size` events.
struct AuditInclusion {
    std::uint64_t index = 0; // of the leaf: the event's sequence number less one
    std::uint64_t size = 0;
    std::vector<std::string> hashes; // base64, from the leaf's neighbour up
};
BOOST_DESCRIBE_STRUCT(AuditInclusion, (), (index, size, hashes))

// RFC 6962, 2.1.2: that the tree of `from` events is the beginning of that of `to`.
struct AuditConsistency {
    std::uint64_t from = 0, to = 0;
    std::vector<std::string> hashes; // base64
};
BOOST_DESCRIBE_STRUCT(AuditConsistency, (), (from, to, hashes))

// What is left of an event whose text is no longer kept: the hash, and what it was found by.
struct AuditDropped {
    std::uint64_t by = 0; // sequence number of the event that tells of it
    std::string dropped_at;
    std::string time, event, principal, verb, outcome;
    std::optional<std::string> run;
};
BOOST_DESCRIBE_STRUCT(AuditDropped, (), (by, dropped_at, time, event, principal, verb, outcome, run))

struct AuditEntry {
    std::uint64_t seq = 0;
    std::string hash;         // hex of SHA-256(0x00 || the event's canonical JSON, RFC 8785): its leaf in the tree
    boost::json::value event; // null when it is no longer kept
    std::optional<AuditDropped> dropped;
    std::optional<AuditProof> proof; // of one that is shown alone, when there is a checkpoint that covers it
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (), (seq, hash, event, dropped, proof))

// A page. A search takes only so long: one that has not filled its page by then is not `complete`, and goes on from
// `next` as any page does.
struct AuditList {
    std::vector<AuditEntry> events;
    std::optional<std::uint64_t> next; // pass as ?before=, or as ?after= where that was asked for; absent: that was all
    bool complete = true;
    std::optional<std::uint64_t> searched_to;  // the last event that was looked at; absent: none was
    std::optional<std::string> searched_until; // about its time, for who may read everybody's
    std::optional<bool> ended;                 // to ?wait=: owhaled ends in order, and these were the last
};
BOOST_DESCRIBE_STRUCT(AuditList, (), (events, next, complete, searched_to, searched_until, ended))

struct AuditCount {
    std::string name; // an event, a principal ("run:*": of all runs), an outcome, or an hour ("2026-11-22T13:00:00Z")
    std::uint64_t count = 0;
};
BOOST_DESCRIBE_STRUCT(AuditCount, (), (name, count))

struct AuditStats {
    std::optional<std::string> since, until; // as asked for: from, and up to
    std::uint64_t total = 0;
    std::vector<AuditCount> by_event, by_principal, by_outcome; // the most frequent first
    std::vector<AuditCount> by_hour;                            // oldest first; hours without events are left out
    bool complete = true; // false: the index is being made again, and lacks events
};
BOOST_DESCRIBE_STRUCT(AuditStats, (), (since, until, total, by_event, by_principal, by_outcome, by_hour, complete))

} // namespace owhale::api
