// The audit events of pairing and of paired devices. Rows of event_types.hpp's table; only its source reads them.
#pragma once

#include <array>

#include "audit/event_draft.hpp"

namespace owhale::audit {

inline constexpr auto kDeviceEvents = std::to_array<EventDraft>({
    {"pair.create",
     Severity::notice,
     Act::asked,
     {3004, 1},
     "b180220cad68f472e4b2edf88ec9b2aa",
     "the account",
     "{principal} made a pairing code for {name}, which may {can}",
     "A code with which one device can join within ten minutes.",
     {{"pairing", Kind::text, true, "the pairing"},
      {"account", Kind::text, true, "whose device it would be"},
      {"name", Kind::text, true, "what its maker calls it", true},
      {"can", Kind::list, true, "the powers that it could have"},
      {"expires", Kind::text, true, "until when the code is good"}}},
    {"pair.join",
     Severity::notice,
     Act::tried,
     {3002, 1},
     "f2c1e2a85a8cac5eef2b553cc319baf0",
     "the peer",
     "the device {words} joined the pairing {pairing}",
     "Somebody proved to know a code, or tried and did not. A wrong try that a code is charged with, of which it bears "
     "five, is a row "
     "of its own with its pairing, and the reason says which of the five it was; what no open code can be charged with "
     "is summed.",
     {{"pairing", Kind::text, true, "the pairing"},
      {"maker", Kind::text, true, "who made the code"},
      {"device", Kind::text, true, "the id that the device has once it is confirmed"},
      {"name", Kind::text, true, "what the device calls itself", true},
      {"words", Kind::text, true, "of the device's key"},
      {"via", Kind::text, true, "what it says it is: program, browser, or browser-untrusted"},
      {"replaces", Kind::text, false, "the device whose key signed this, too: it goes as this one is confirmed"}}},
    {"pair.end",
     Severity::info,
     Act::asked,
     {3004, 4},
     "6b0a37eb65275aec6d111a8db6738ac4",
     "who asked, or system",
     "the pairing {pairing} of {maker} ended: {why}",
     "A code was taken back, or a device that had joined was turned away (cancelled); or all five tries were wrong, or "
     "its "
     "maker may pair no device any more (failed).",
     {{"pairing", Kind::text, true, "the pairing"},
      {"maker", Kind::text, true, "who made the code"},
      {"name", Kind::text, true, "what its maker calls it", true},
      {"why", Kind::text, true, "why it ended"}}},
    {"device.add",
     Severity::notice,
     Act::asked,
     {3004, 1},
     "4e6aa2f4db28b4d97c4e072849e4cb51",
     "the account",
     "{principal} paired the device {name}, which may {can}",
     "From now on requests that this key signs are the device's.",
     {{"account", Kind::text, true, "whose it is"},
      {"device", Kind::text, true, "its id"},
      {"name", Kind::text, true, "what its maker calls it", true},
      {"can", Kind::list, true, "its powers"},
      {"key", Kind::text, true, "its public key, Ed25519, in base64url"},
      {"words", Kind::text, true, "of that key"},
      {"pairing", Kind::text, true, "the pairing that it came by"},
      {"expires", Kind::text, true, "until when it is good"}}},
    {"device.change",
     Severity::notice,
     Act::asked,
     {3004, 3},
     "fc29a1463e3247bdca23b9ca09acc7ec",
     "who asked",
     "{principal} changed the device {before}, which could {could}: it is {name} now, and may {can}",
     "Another name, or fewer powers.",
     {{"account", Kind::text, true, "whose it is"},
      {"device", Kind::text, true, "its id"},
      {"name", Kind::text, true, "from now on", true},
      {"can", Kind::list, true, "its powers from now on"},
      {"before", Kind::text, true, "its name until now", true},
      {"could", Kind::list, true, "its powers until now"}}},
    {"device.remove",
     Severity::notice,
     Act::asked,
     {3004, 4},
     "803f4c5c7165ccf7b86fca50efcff966",
     "who asked",
     "{principal} removed the device {name} of {account}",
     "Its key is believed no more, and its connections are ended. Those of an account that is removed, or whose "
     "password is "
     "reset, go with that event.",
     {{"account", Kind::text, true, "whose it was"},
      {"device", Kind::text, true, "its id"},
      {"name", Kind::text, true, "what it was called", true}}},
});

} // namespace owhale::audit
