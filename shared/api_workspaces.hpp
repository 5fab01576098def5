// The API's messages about registered workspaces. See shared/api.hpp for the conventions.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace owhale::api {

struct Workspace { // GET /v1/workspaces: a folder in which, and below which, runs of a user id may write
    std::string id;
    std::string path; // without links, as its owner reaches it
    std::uint32_t uid = 0;
    std::string by, created;
};
BOOST_DESCRIBE_STRUCT(Workspace, (), (id, path, uid, by, created))
struct WorkspaceList {
    std::vector<Workspace> workspaces;
};
BOOST_DESCRIBE_STRUCT(WorkspaceList, (), (workspaces))
struct WorkspaceRequest { // POST /v1/workspaces
    std::string path;
    std::optional<std::string> run_as; // for that user's runs: root on the Unix socket alone
};
BOOST_DESCRIBE_STRUCT(WorkspaceRequest, (), (path, run_as))

} // namespace owhale::api
