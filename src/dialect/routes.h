#pragma once
// Which documented call is that? All routes of all dialects in one tree of path segments, made
// once; a look-up costs the length of the path. Immutable afterwards.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dialect/dialect.h"

namespace coffer {

enum class Probe : std::uint8_t { none, health, readiness, metrics };

// One path and what can be done there.
struct PathEntry {
    const Dialect* dialect = nullptr;  // null: one of the desk's own probes
    Probe probe = Probe::none;
    std::vector<const Route*> routes;
    std::string allow;  // the methods, as `Allow` lists them

    // HEAD is answered where GET is and changes nothing; null: not a method of this path.
    const Route* route(Method method) const;
    DialectId owner() const { return dialect != nullptr ? dialect->id : DialectId::native; }
};

class RouteTable {
public:
    RouteTable(std::span<const Dialect* const> dialects, std::string_view metrics_path);
    RouteTable(const RouteTable&) = delete;
    RouteTable& operator=(const RouteTable&) = delete;

    // The entry of a path as sent, and what filled its braces, decoded; null: no such path. A
    // broken escape, an empty segment in braces or a slash too many is no such path.
    const PathEntry* find(std::string_view path, std::vector<std::string>& segments) const;

private:
    struct Node {
        std::unordered_map<std::string_view, std::unique_ptr<Node>> fixed;
        std::unique_ptr<Node> variable;
        std::unique_ptr<PathEntry> entry;
    };
    PathEntry& add(std::string_view pattern);
    std::string metrics_path_;  // the tree's names are views
    Node root_;
    std::unordered_map<std::string_view, const PathEntry*> whole_;  // patterns without braces
};

}  // namespace coffer
