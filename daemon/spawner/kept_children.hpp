// Resolve children that have answered and take another question of the same identity: a fork less for each lookup. They have
// that identity's rights alone, hold nothing open, and go when nobody asked for a while.
#pragma once

#include <functional>
#include <list>
#include <optional>

#include "spawner/resolve.hpp"

namespace owhale::spawner {

class KeptChildren {
public:
    // A child of the question's identity that lives and has taken the question; none: one has to be started. Of a run there is
    // never one: its question is answered by what the spawner knows now.
    std::optional<Child> ask(Question& question);
    void add(Child child, std::int64_t now);
    // Hands those over that are too many or too old, their socket being in no epoll.
    void expire(std::int64_t now, const std::function<void(Child&)>& end);
    void end_all();

private:
    struct Kept {
        Child child;
        std::int64_t since_ns;
    };
    std::list<Kept> kept_; // the one that answered last is the first
    std::list<Child> too_many_;
};

} // namespace owhale::spawner
