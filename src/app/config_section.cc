#include "app/config_section.h"

#include <numeric>

namespace coffer {
namespace {

// How many letters must be put in, taken out, changed or swapped with their neighbour (optimal
// string alignment) to make one word of the other.
std::size_t distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before_last, last(right.size() + 1), row(right.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t change = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last = last;
        last = row;
    }
    return last.back();
}

std::string joined(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) {
        if (!text.empty()) text += ", ";
        text.append("\"").append(word).append("\"");
    }
    return text;
}

}  // namespace

std::string_view nearest_word(std::string_view word, std::span<const std::string> words) {
    // Past two letters, or a third of a long word, it is another word and not a slip.
    std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
    std::string_view nearest;
    for (const std::string& candidate : words) {
        if (const std::size_t steps = distance(word, candidate); steps < best) {
            best = steps;
            nearest = candidate;
        }
    }
    return nearest;
}

ConfigSection::ConfigSection(const TomlNode* table, std::string name, ConfigNotes& notes)
    : table_(table), name_(std::move(name)), notes_(notes) {}

void ConfigSection::boolean(std::string_view key, bool& value) {
    if (const TomlNode* node = expect(key, TomlNode::Type::boolean, "true or false")) {
        value = node->boolean;
    }
}

void ConfigSection::text(std::string_view key, std::string& value) {
    if (const TomlNode* node = expect(key, TomlNode::Type::text, "a text in quotes")) {
        value = node->text;
    }
}

void ConfigSection::texts(std::string_view key, std::vector<std::string>& value) {
    const TomlNode* node = expect(key, TomlNode::Type::array, "a list of texts in brackets");
    if (node == nullptr) return;
    value.clear();
    for (const TomlNode& element : node->children) {
        if (element.type == TomlNode::Type::text) {
            value.push_back(element.text);
        } else {
            notes_.mistakes.push_back({element.place, full_name(key) + " is a list of texts"});
        }
    }
}

const TomlNode* ConfigSection::table(std::string_view key) {
    const TomlNode* node = expect(key, TomlNode::Type::table, "a section");
    return node;
}

std::vector<const TomlNode*> ConfigSection::tables(std::string_view key) {
    std::vector<const TomlNode*> found;
    const TomlNode* node =
        expect(key, TomlNode::Type::array, "written as [[" + std::string(key) + "]] blocks");
    if (node == nullptr) return found;
    for (const TomlNode& element : node->children) {
        if (element.type == TomlNode::Type::table) {
            found.push_back(&element);
        } else {
            notes_.mistakes.push_back({element.place, full_name(key) + " is written as [[" +
                                                          std::string(key) + "]] blocks"});
        }
    }
    return found;
}

void ConfigSection::mistake(std::string_view key, std::string words) {
    const TomlNode* node = find(key);
    TextPlace place;
    if (node != nullptr) {
        place = node->place;
    } else if (table_ != nullptr) {
        place = table_->place;
    }
    notes_.mistakes.push_back({place, std::move(words)});
}

void ConfigSection::finish() {
    if (table_ == nullptr) return;
    for (const TomlNode& node : table_->children) {
        if (std::ranges::find(asked_, node.key) != asked_.end()) continue;
        std::string words = "unknown key " + full_name(node.key);
        const std::string_view nearest = nearest_word(node.key, asked_);
        if (!nearest.empty()) words.append("; did you mean ").append(nearest).append("?");
        notes_.mistakes.push_back({node.key_place, std::move(words)});
    }
}

const TomlNode* ConfigSection::find(std::string_view key) const {
    if (table_ == nullptr) return nullptr;
    const auto node = std::ranges::find(table_->children, key, &TomlNode::key);
    return node == table_->children.end() ? nullptr : &*node;
}

const TomlNode* ConfigSection::expect(std::string_view key, TomlNode::Type type,
                                      std::string_view type_words) {
    asked_.emplace_back(key);
    notes_.keys.push_back(full_name(key));
    const TomlNode* node = find(key);
    if (node == nullptr || node->type == type) return node;
    notes_.mistakes.push_back({node->place, full_name(key) + " is " + std::string(type_words)});
    return nullptr;
}

void ConfigSection::read_integer(std::string_view key, std::int64_t& value, std::int64_t min,
                                 std::int64_t max) {
    const TomlNode* node = expect(key, TomlNode::Type::integer, "a whole number");
    if (node == nullptr) return;
    if (node->integer < min || node->integer > max) {
        notes_.mistakes.push_back({node->place, full_name(key) + " is from " + std::to_string(min) +
                                                    " to " + std::to_string(max) + ", not " +
                                                    std::to_string(node->integer)});
        return;
    }
    value = node->integer;
}

std::size_t ConfigSection::read_choice(std::string_view key,
                                       std::span<const std::string_view> words) {
    const TomlNode* node = expect(key, TomlNode::Type::text, "a text in quotes");
    if (node == nullptr) return words.size();
    const auto found = std::ranges::find(words, node->text);
    if (found == words.end()) {
        notes_.mistakes.push_back({node->place, full_name(key) + " is one of " + joined(words) +
                                                    ", not \"" + node->text + "\""});
    }
    return static_cast<std::size_t>(found - words.begin());
}

std::string ConfigSection::full_name(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

}  // namespace coffer
