// Header fields of a message (RFC 9110 section 5): as they came, in order; names compared in any case. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::egress::http {

struct Field {
    std::string name, value; // name as it was written; value without the blanks around it
};

class Fields {
public:
    // One line without its end. bad_request: no colon, a name that is no token (so a folded line, too, and a space before
    // the colon), a control in the value, a second one of those that may stand once.
    Status add_line(std::string_view line);
    void set(std::string_view name, std::string value); // in the place of the first of that name
    void remove(std::string_view name);
    std::size_t count(std::string_view name) const;
    std::string_view get(std::string_view name) const; // the first, "" none
    bool has(std::string_view name) const { return count(name) != 0; }
    // Whether a list, over all fields of that name, holds this token, in any case.
    bool lists(std::string_view name, std::string_view token) const;
    // Those that are for the next hop alone (RFC 9110 section 7.6.1), and those that Connection names.
    void remove_hop_by_hop();

    std::vector<Field>& all() { return all_; }
    const std::vector<Field>& all() const { return all_; }

private:
    std::vector<Field> all_;
};

bool same_name(std::string_view a, std::string_view b);
bool is_token(std::string_view text);
std::string lower_case(std::string_view text);
std::string_view trimmed(std::string_view text); // of blanks and tabs

} // namespace owhale::egress::http
