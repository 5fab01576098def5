#include "verbs/places.hpp"

namespace owhale::verbs {

Result<std::shared_ptr<Places::Place>> Places::take(std::shared_ptr<Places> places, const std::string& principal) {
    const auto found = places->of_.find(principal);
    if (places->all_ < places->most_ && (found == places->of_.end() || found->second < places->most_of_one_))
        return std::make_shared<Place>(std::move(places), principal);
    Error error{Code::busy, "too many " + places->what_, "Close one, or ask again later.", 0, {}};
    error.retry_after = 5;
    return std::unexpected(std::move(error));
}

Places::Place::Place(std::shared_ptr<Places> places, std::string principal)
    : places_(std::move(places)), principal_(std::move(principal)) {
    ++places_->all_;
    ++places_->of_[principal_];
}

Places::Place::~Place() {
    --places_->all_;
    if (--places_->of_[principal_] == 0) places_->of_.erase(principal_);
}

} // namespace owhale::verbs
