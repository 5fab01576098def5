// An OCSF event in the making, and the objects of OCSF that several classes have.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "audit/event_types.hpp"
#include "audit/export_source.hpp"

namespace owhale::audit {

struct OcsfDraft {
    const EventType& type;
    const boost::json::object& whole; // the stored event
    const ExportSource& source;
    boost::json::object data; // of its data, what no attribute has yet
    boost::json::object out;

    // Of the stored event, or of its data; "" when there is none, or it is no text.
    std::string_view said(std::string_view name) const;
    std::string told(std::string_view name) const;
    // The same of the data, which then has it no more. A number is taken as its digits.
    std::string take(std::string_view name);
    // A list of texts; one that is anything else stays.
    boost::json::array take_texts(std::string_view name);
    // `data`'s number, when it has one, becomes the attribute.
    void move_number(std::string_view name, std::string_view attribute);
};

// "user:alice", "unix:1000", "uid:1000", "run:ID", "system".
boost::json::object ocsf_user(std::string_view principal);
// A peer as events have it: "unix:1000 (pid 4, /bin/x)", "tcp [::1]:4711", "ip:192.0.2.1".
boost::json::object ocsf_endpoint(std::string_view peer);
// Where something went: an address, or a name.
boost::json::object ocsf_endpoint(std::string_view host, std::int64_t port);
// owhaled itself, as an end of a connection.
boost::json::object ocsf_own_endpoint();

// What the event's class has of its own; OCSF's required attributes of it among them.
void fill_ocsf_class(OcsfDraft& draft);

} // namespace owhale::audit
