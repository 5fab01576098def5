// Boxes: the tmpfs that runs of one principal in one workspace share (/tmp, /dev/shm, the private home), until idle.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/fd.hpp"
#include "shared/error.hpp"

namespace owhale::spawner {

class Boxes {
public:
    // Makes the box if need be and marks it used; answers a detached mount of it. A key of another uid is refused.
    Result<Fd> acquire(const std::string& key, std::uint32_t uid, std::uint32_t gid, std::uint64_t bytes);
    void release(const std::string& key);
    // Empties an unused box of this uid; EBUSY while in use.
    Status reset(const std::string& key, std::uint32_t uid);
    // Ends the boxes that nobody used for `idle_s`; tells each key.
    void expire(std::uint64_t idle_s, const std::function<void(const std::string&)>& ended);
    std::size_t size() const { return boxes_.size(); }

private:
    struct Box {
        std::uint32_t uid = 0;
        std::uint32_t users = 0;
        std::int64_t released_ns = 0;
    };
    std::map<std::string, Box> boxes_;
};

} // namespace owhale::spawner
