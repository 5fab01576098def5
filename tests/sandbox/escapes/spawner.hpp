// A real owhale-spawner with this program at the broker's end of its channel.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <type_traits>
#include <vector>

#include "base/fd.hpp"
#include "sandbox/blob.hpp"
#include "sandbox/plan.hpp"

namespace owhale::escapes {

struct Reply {
    wire::Type type{};
    std::vector<char> bytes;
    std::vector<Fd> fds;

    template <typename T> T as() const {
        T message{};
        if (bytes.size() == sizeof message)
            std::char_traits<char>::copy(reinterpret_cast<char*>(&message), bytes.data(), sizeof message);
        return message;
    }
};

struct Place {           // where one test program keeps its files; made by the caller
    std::string spawner; // path of owhale-spawner
    std::string folder;  // an empty folder of ours
    bool rootless = false;
};

class Spawner {
public:
    // `config` is the text of its spawner.conf, `more` are further arguments.
    Spawner(const Place& place, const std::string& config = "", const std::vector<std::string>& more = {});
    ~Spawner();
    Spawner(const Spawner&) = delete;
    Spawner& operator=(const Spawner&) = delete;

    bool send(const void* bytes, std::size_t size, const std::vector<int>& fds = {});
    template <typename T> bool send(const T& message, const std::vector<int>& fds = {}) {
        return send(&message, sizeof message, fds);
    }
    // The next reply of one of these types; what else comes is dropped. None: nothing came in time, or the spawner ended.
    std::optional<Reply> await(const std::vector<wire::Type>& types, int timeout_ms = 10000);
    // Whether it has ended, after at most this long.
    bool ended(int timeout_ms = 5000);

    // A client with these ids connects; the number that the spawner gives it, 0 when it gives none.
    std::uint64_t connect(uid_t uid, gid_t gid);
    // The same over TCP, as this process; `facts` takes what the spawner says of it.
    std::uint64_t connect_tcp(wire::Accepted* facts = nullptr);
    // A TCP socket that is connected, or on its way: nothing is awaited.
    Fd open_tcp() const;
    void hang_up(std::uint64_t connection);
    // Keeps a client's socket open until the end.
    void keep(std::uint64_t connection, Fd client) { clients_.emplace_back(connection, std::move(client)); }

    pid_t pid() const { return pid_; }
    const wire::Ready& ready() const { return ready_; }

private:
    void start(const Place& place, const std::string& config, const std::vector<std::string>& more);
    std::optional<Reply> next(int timeout_ms);

    Fd channel_;
    std::string socket_path_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
    bool reaped_ = false;
    wire::Ready ready_{};
    std::vector<std::pair<std::uint64_t, Fd>> clients_;
};

template <typename T> T message(wire::Type type) {
    static_assert(std::is_trivially_copyable_v<T>);
    T made{};
    made.header = {type, sizeof made};
    return made;
}

} // namespace owhale::escapes
