// How many of a kind wait for news at once, all in all and of one principal: what is held open costs memory.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "shared/error.hpp"

namespace owhale::verbs {

// One instance of each kind, on the io thread.
class Places {
public:
    // `what` stands in the refusal: "streams of events are open". `most_of_one` is of one principal.
    Places(std::string what, std::size_t most, std::size_t most_of_one)
        : what_(std::move(what)), most_(most), most_of_one_(most_of_one) {}

    class Place { // taken until it goes
    public:
        Place(std::shared_ptr<Places> places, std::string principal);
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place();

    private:
        std::shared_ptr<Places> places_;
        std::string principal_;
    };
    // Fails with busy.
    static Result<std::shared_ptr<Place>> take(std::shared_ptr<Places> places, const std::string& principal);

private:
    std::string what_;
    std::size_t most_, most_of_one_, all_ = 0;
    std::map<std::string, std::size_t> of_;
};

} // namespace owhale::verbs
