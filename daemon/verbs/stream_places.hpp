// How many endless answers of one kind are open, and whose: each holds a place for as long as it lives.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "shared/error.hpp"

namespace owhale::verbs {

class StreamPlaces : public std::enable_shared_from_this<StreamPlaces> {
public:
    // At most `all` at once, of one principal `of_one`. `what` ("streams of events") is for the refusal.
    StreamPlaces(std::string what, std::size_t all, std::size_t of_one)
        : what_(std::move(what)), most_(all), most_of_one_(of_one) {}

    class Place {
    public:
        Place(std::shared_ptr<StreamPlaces> places, std::string principal)
            : places_(std::move(places)), principal_(std::move(principal)) {
            ++places_->all_;
            ++places_->of_[principal_];
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            --places_->all_;
            if (--places_->of_[principal_] == 0) places_->of_.erase(principal_);
        }

    private:
        std::shared_ptr<StreamPlaces> places_;
        std::string principal_;
    };

    // Fails with busy.
    Result<std::shared_ptr<Place>> take(const std::string& principal) {
        const auto found = of_.find(principal);
        if (all_ < most_ && (found == of_.end() || found->second < most_of_one_))
            return std::make_shared<Place>(shared_from_this(), principal);
        Error error{Code::busy, "too many " + what_ + " are open", "Close one, or ask again later.", 0, {}};
        error.retry_after = 5;
        return std::unexpected(std::move(error));
    }

private:
    std::string what_;
    std::size_t most_, most_of_one_;
    std::map<std::string, std::size_t> of_;
    std::size_t all_ = 0;
};

} // namespace owhale::verbs
