// Requests for approval as commands look them up, list them and show them.
#pragma once

#include <string>
#include <vector>

#include "cli/approval_view.hpp"
#include "cli/context.hpp"

namespace owhale::cli {

// The whole id of a request named by its id, by how it begins, or by how it ends (at least 6 characters of which only one
// has): ids begin with the time, so that lists show their ends.
Result<std::string> approval_id(Context& context, const std::string& named);

struct Shown {
    api::Approval approval;
    std::string body; // as it came
};
Result<Shown> show_approval(Context& context, const std::string& id);

// "3 more throttled (approvals ls -a)" of what a list with all=1 and state=pending tells; "" when there are none.
std::string throttled_words(const api::ApprovalList& list);
std::string approvals_table(const Look& look, const std::vector<api::Approval>& approvals, std::int64_t now);
// How it is to be shown here and now.
ViewOptions view_options(const api::Approval& approval, std::size_t columns, bool details);

// Prints lines to stdout; on a terminal page by page, with `end` below the last one where there was more than one. False when
// the person had enough before the end.
Result<bool> page(const Look& look, const std::vector<Line>& lines, const std::string& end = {});

// "git push <word> 'two words'": the words of a template, as a shell would split them, or a JSON array. <word>, <path> and
// <number> stand for one argument each.
Result<std::vector<std::string>> template_words(const std::string& text);

} // namespace owhale::cli
