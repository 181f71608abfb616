#include "app/toml_tree.h"

#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace coffer {
namespace {

TextPlace place_of(const toml::source_region& region) {
    return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

// toml++ sorts tables by key; people read their mistakes in the order of the file.
void sort_by_place(std::vector<TomlNode>& nodes) {
    std::ranges::sort(nodes, {}, [](const TomlNode& node) {
        return std::pair(node.key_place.line, node.key_place.column);
    });
}

TomlNode tree_of(const toml::node& from) {
    TomlNode node;
    node.place = place_of(from.source());
    if (const auto* table = from.as_table()) {
        node.type = TomlNode::Type::table;
        for (const auto& [key, value] : *table) {
            TomlNode child = tree_of(value);
            child.key = std::string(key.str());
            child.key_place = place_of(key.source());
            node.children.push_back(std::move(child));
        }
        sort_by_place(node.children);
    } else if (const auto* array = from.as_array()) {
        node.type = TomlNode::Type::array;
        for (const auto& element : *array) node.children.push_back(tree_of(element));
    } else if (const auto* text = from.as_string()) {
        node.type = TomlNode::Type::text;
        node.text = text->get();
    } else if (const auto* integer = from.as_integer()) {
        node.type = TomlNode::Type::integer;
        node.integer = integer->get();
    } else if (const auto* boolean = from.as_boolean()) {
        node.type = TomlNode::Type::boolean;
        node.boolean = boolean->get();
    }
    return node;
}

}  // namespace

std::expected<TomlNode, Mistake> parse_toml(std::string_view text) {
    try {
        return tree_of(toml::parse(text));
    } catch (const toml::parse_error& error) {
        return std::unexpected(Mistake{place_of(error.source()), std::string(error.description())});
    }
}

}  // namespace coffer
