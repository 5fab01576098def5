// Runs what is substituted in the words of one command.
#pragma once

#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {

class Walk::Substitutions : public Substituter {
public:
    Substitutions(Walk& walk, const Frame& frame, std::optional<std::size_t> slot)
        : walk_(walk), frame_(frame), slot_(slot) {}

    Stream substitute(const shell::Part& part) override;
    std::string name_stream(const Stream& stream) override;
    void expand_again(const std::string& text, Span span) override;

private:
    Walk& walk_;
    const Frame& frame_;
    std::optional<std::size_t> slot_; // of the carrier
};

} // namespace owhale::policy::normal
