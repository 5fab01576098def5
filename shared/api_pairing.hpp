// The API's messages about pairing and devices. See shared/api.hpp for the conventions. Keys, shares and tags are base64url
// without padding.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace owhale::api {

struct PairRequest {                     // POST /v1/pair
    std::string name;                    // of the device-to-be, for lists: 1 to 64 printable characters
    std::vector<std::string> can;        // powers: approve audit runs freeze
    std::optional<std::uint64_t> for_ms; // how long the device is good; 90 days when left out
};
BOOST_DESCRIBE_STRUCT(PairRequest, (), (name, can, for_ms))

struct Pairing { // a code that was made, and what came of it; kept in memory for a while
    std::string id, principal, name;
    std::vector<std::string> can;
    std::string state; // open joined paired, or an end: cancelled expired dead
    std::string created,
        expires; // of the code; of the time to confirm, once a device has joined; of the device, once paired
    std::uint64_t for_ms = 0;
    std::uint64_t tries = 0;                                   // of the code that have begun, of five
    std::uint64_t wrong = 0;                                   // of these: those that failed
    std::optional<std::string> device, device_name, words, at; // who joined; `words` of its key; from where
    std::optional<std::string> via;                            // what it says it is: program browser browser-untrusted
    std::optional<std::uint64_t> uid;                          // of owhaled's machine, when it joined from there
    std::optional<bool> gone; // of a joined one: whether the connection on which the device waits has ended
    // The device of the same owner, by id and name, whose key signed the proof as well: confirming removes it.
    std::optional<std::string> replaces, replaces_name;
};
BOOST_DESCRIBE_STRUCT(Pairing, (),
                      (id, principal, name, can, state, created, expires, for_ms, tries, wrong, device, device_name,
                       words, at, via, uid, gone, replaces, replaces_name))
struct PairingList {
    std::vector<Pairing> pairings;
};
BOOST_DESCRIBE_STRUCT(PairingList, (), (pairings))
struct PairMade {
    std::string id, code, expires; // the code is shown this once
};
BOOST_DESCRIBE_STRUCT(PairMade, (), (id, code, expires))

struct JoinRequest {   // POST /v1/pair/join
    std::string hint;  // the first two characters of the code; the other six never leave the device
    std::string sid;   // 16 random bytes
    std::string share; // CPace, initiator
    std::string key;   // the device's, Ed25519
    std::string name;  // as the device calls itself: 1 to 64 printable characters
    std::string via;   // what it is: program browser browser-untrusted
};
BOOST_DESCRIBE_STRUCT(JoinRequest, (), (hint, sid, share, key, name, via))
struct JoinAnswer {
    std::string join;  // names this attempt; a secret of the two
    std::string share; // CPace, responder
    std::string tag;   // proves that the code is the same, and the key, and the certificate that the device sees
};
BOOST_DESCRIBE_STRUCT(JoinAnswer, (), (join, share, tag))
struct JoinProof { // POST /v1/pair/join/{join}
    std::string tag;
    std::optional<std::string> replaces; // the device that signed this very request (RFC 9421), and is to go
};
BOOST_DESCRIBE_STRUCT(JoinProof, (), (tag, replaces))
struct JoinState {
    std::string state; // joined: the maker of the code has to confirm; paired; or an end: cancelled expired dead
    std::string device, words, principal;
    std::vector<std::string> can;
    std::string expires; // of the device, once it is paired; before that of the maker's time to confirm it
    std::optional<std::string> replaces; // the device that goes, or went, as this one is confirmed
};
BOOST_DESCRIBE_STRUCT(JoinState, (), (state, device, words, principal, can, expires, replaces))

struct ConfirmRequest {                          // POST /v1/pair/{id}/confirm
    std::string words;                           // of the device that was looked at
    std::optional<std::vector<std::string>> can; // fewer powers than the code was made with; never others
};
BOOST_DESCRIBE_STRUCT(ConfirmRequest, (), (words, can))

struct Device {
    std::string id, principal, name; // whose it is: "user:alice"
    std::vector<std::string> can;    // what it was given
    std::vector<std::string> now;    // what of that its owner has at the moment
    std::string words, key, created, expires;
    std::optional<std::string> last_seen, last_peer;
};
BOOST_DESCRIBE_STRUCT(Device, (), (id, principal, name, can, now, words, key, created, expires, last_seen, last_peer))
struct DeviceList {
    std::vector<Device> devices;
};
BOOST_DESCRIBE_STRUCT(DeviceList, (), (devices))
struct DeviceChange { // PATCH /v1/devices/{id}
    std::optional<std::string> name;
    std::optional<std::vector<std::string>> can; // fewer than it has
};
BOOST_DESCRIBE_STRUCT(DeviceChange, (), (name, can))

struct Authority {                  // GET /v1/pair/ca: what signed owhaled's own certificate, and can sign nothing more
    std::string certificate;        // X.509, PEM
    std::string fingerprint;        // of it: "SHA256:" and hexadecimal digits, to be compared where it is taken in
    std::vector<std::string> names; // for which a device believes it, and for no others
    std::string expires;
};
BOOST_DESCRIBE_STRUCT(Authority, (), (certificate, fingerprint, names, expires))

} // namespace owhale::api
