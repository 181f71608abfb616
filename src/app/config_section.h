#pragma once
// Reads one table of a configuration key by key, and remembers every mistake instead of stopping at
// the first: wrong types, values out of bounds, words that are none of the choices, and, when all
// keys that exist have been asked for, those that nobody asked for.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/toml_tree.h"

namespace coffer {

// What a whole configuration shares while it is read.
struct ConfigNotes {
    std::vector<Mistake> mistakes;
    std::vector<std::string> keys;  // every key that exists, as `section.key`
};

class ConfigSection {
public:
    // `table` may be null: the section is not in the text and every value keeps its default.
    ConfigSection(const TomlNode* table, std::string name, ConfigNotes& notes);

    // Each leaves the value as it is when the key is absent or wrong.
    template <std::integral Number>
    void integer(std::string_view key, Number& value, std::int64_t min, std::int64_t max) {
        std::int64_t read = static_cast<std::int64_t>(value);
        read_integer(key, read, min, max);
        value = static_cast<Number>(read);
    }
    void boolean(std::string_view key, bool& value);
    void text(std::string_view key, std::string& value);
    void texts(std::string_view key, std::vector<std::string>& value);
    template <class Choice>
    void choice(std::string_view key, Choice& value,
                std::span<const std::pair<std::string_view, Choice>> choices) {
        std::vector<std::string_view> words;
        for (const auto& [word, meaning] : choices) words.push_back(word);
        if (const auto index = read_choice(key, words); index < choices.size()) {
            value = choices[index].second;
        }
    }
    // A table inside this one, null if absent; and the tables of an array of tables.
    const TomlNode* table(std::string_view key);
    std::vector<const TomlNode*> tables(std::string_view key);

    bool has(std::string_view key) const { return find(key) != nullptr; }
    // A mistake that only a comparison of values can find: at that key, else at the section.
    void mistake(std::string_view key, std::string words);
    // Reports the keys that were never asked for, with the nearest that exists.
    void finish();

private:
    const TomlNode* find(std::string_view key) const;
    const TomlNode* expect(std::string_view key, TomlNode::Type type, std::string_view type_words);
    void read_integer(std::string_view key, std::int64_t& value, std::int64_t min,
                      std::int64_t max);
    std::size_t read_choice(std::string_view key, std::span<const std::string_view> words);
    std::string full_name(std::string_view key) const;

    const TomlNode* table_;
    std::string name_;
    ConfigNotes& notes_;
    std::vector<std::string> asked_;
};

// The one of `words` that is most like `word`, or empty when none is near enough to be meant.
std::string_view nearest_word(std::string_view word, std::span<const std::string> words);

}  // namespace coffer
