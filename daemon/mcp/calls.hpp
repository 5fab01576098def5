// All tool calls under way: how many one principal may have, and which one a client means when it gives one up.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "mcp/call.hpp"

namespace owhale::mcp {

class Calls : public std::enable_shared_from_this<Calls> {
public:
    static constexpr std::size_t kMost = 512, kMostOfOne = 64;

    // A place among them, held for as long as the call works. Null: too many. `session` is what the client calls its
    // session, "" none: a name to find calls by, behind which nothing is kept.
    class Place;
    std::shared_ptr<Place> take(std::shared_ptr<Call> call, std::string session);
    // Of this principal's calls in this session those with this id; without a session only where no other could be meant.
    void cancel(const std::string& principal, const std::string& session, const json::value& id);

    // The level of log messages that a session asked for (notifications/message, up to 2025-11-25): the newest 256 are known.
    void set_quiet(const std::string& principal, const std::string& session, bool quiet);
    bool is_quiet(const std::string& principal, const std::string& session) const;

private:
    struct Entry {
        std::shared_ptr<Call> call;
        std::string session;
    };
    static std::string payer_of(const identity::Principal& who);

    std::list<Entry> open_;
    std::map<std::string, std::size_t> of_;
    std::list<std::pair<std::string, std::string>> quiet_;
};

class Calls::Place {
public:
    Place(std::shared_ptr<Calls> calls, std::list<Entry>::iterator at) : calls_(std::move(calls)), at_(at) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

private:
    std::shared_ptr<Calls> calls_;
    std::list<Entry>::iterator at_;
};

} // namespace owhale::mcp
