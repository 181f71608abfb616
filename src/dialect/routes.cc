#include "dialect/routes.h"

#include "dialect/text.h"

namespace coffer {
namespace {

// Takes the first segment off a path that begins with a slash.
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

constexpr std::string_view get_and_head = "GET, HEAD";

std::string_view methods_of(const Route& route) {
    switch (route.method) {
        case Method::get: return route.head == Head::like_get ? get_and_head : "GET";
        case Method::head: return "HEAD";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::patch: return "PATCH";
        case Method::del: return "DELETE";
        case Method::options: return "OPTIONS";
        case Method::other: return "";
    }
    return "";
}

}  // namespace

const Route* PathEntry::route(Method method) const {
    for (const Route* route : routes) {
        if (route->method == method) return route;
        if (method == Method::head && route->method == Method::get &&
            route->head == Head::like_get) {
            return route;
        }
    }
    return nullptr;
}

RouteTable::RouteTable(std::span<const Dialect* const> dialects, std::string_view metrics_path)
    : metrics_path_(metrics_path) {
    for (const Dialect* dialect : dialects) {
        for (const Route& route : dialect->routes) {
            PathEntry& entry = add(route.pattern);
            entry.dialect = dialect;
            entry.routes.push_back(&route);
            if (!entry.allow.empty()) entry.allow += ", ";
            entry.allow += methods_of(route);
        }
    }
    const auto add_probe = [this](std::string_view path, Probe probe) {
        PathEntry& entry = add(path);
        entry.probe = probe;
        entry.allow = get_and_head;
    };
    add_probe("/healthz", Probe::health);
    add_probe("/readyz", Probe::readiness);
    add_probe(metrics_path_, Probe::metrics);
}

PathEntry& RouteTable::add(std::string_view pattern) {
    Node* node = &root_;
    for (std::string_view rest = pattern; !rest.empty();) {
        const std::string_view segment = take_segment(rest);
        std::unique_ptr<Node>& next =
            segment.starts_with('{') ? node->variable : node->fixed[segment];
        if (next == nullptr) next = std::make_unique<Node>();
        node = next.get();
    }
    if (node->entry == nullptr) node->entry = std::make_unique<PathEntry>();
    if (pattern.find('{') == std::string_view::npos) whole_[pattern] = node->entry.get();
    return *node->entry;
}

const PathEntry* RouteTable::find(std::string_view path, std::vector<std::string>& segments) const {
    // Most calls go to a path without braces, which one look-up finds.
    if (const auto found = whole_.find(path); found != whole_.end()) return found->second;

    const Node* node = &root_;
    if (!path.starts_with('/')) return nullptr;
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view raw = take_segment(rest);
        std::optional<std::string> segment = percent_decode(raw, false);
        if (!segment) return nullptr;
        if (const auto next = node->fixed.find(*segment); next != node->fixed.end()) {
            node = next->second.get();
        } else if (node->variable != nullptr && !segment->empty()) {
            node = node->variable.get();
            segments.push_back(std::move(*segment));
        } else {
            return nullptr;
        }
    }
    return node->entry.get();
}

}  // namespace coffer
