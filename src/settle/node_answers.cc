#include "settle/node_answers.h"

#include <simdjson.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "settle/node_words.h"
#include "settle/transaction.h"

namespace coffer {

namespace {

// A JSON value whose members are read as the API's texts.
class Answer {
public:
    explicit Answer(const std::string& json) : text_(json) {
        if (parser_.parse(text_).get(root_) != simdjson::SUCCESS) is_sound_ = false;
    }
    bool is_nothing() const { return is_sound_ && root_.is_null(); }
    std::string_view text() const {
        std::string_view found;
        if (!is_sound_ || root_.get_string().get(found) != simdjson::SUCCESS) return {};
        return found;
    }
    std::string_view text(const char* member) const {
        std::string_view found;
        if (!is_sound_ || root_.at_pointer(member).get_string().get(found) != simdjson::SUCCESS) {
            return {};
        }
        return found;
    }
    // The texts of a list.
    std::vector<std::string_view> texts(const char* member) const {
        std::vector<std::string_view> found;
        simdjson::dom::array list;
        if (!is_sound_ || root_.at_pointer(member).get_array().get(list) != simdjson::SUCCESS) {
            return found;
        }
        for (const auto item : list) {
            // A list of lists gives the first of each.
            std::string_view one;
            simdjson::dom::array inner;
            if (item.get_array().get(inner) == simdjson::SUCCESS) {
                if (inner.at(0).get_string().get(one) == simdjson::SUCCESS) found.push_back(one);
            } else if (item.get_string().get(one) == simdjson::SUCCESS) {
                found.push_back(one);
            }
        }
        return found;
    }

private:
    simdjson::padded_string text_;
    simdjson::dom::parser parser_;
    simdjson::dom::element root_;
    bool is_sound_ = true;
};

}  // namespace

std::optional<Uint256> answered_quantity(const std::string& json) {
    return parse_quantity(Answer(json).text());
}

std::optional<std::uint64_t> answered_number(const std::string& json) {
    return read_number(Answer(json).text());
}

std::optional<Uint256> answered_word(const std::string& json) {
    const auto bytes = from_hex_0x(Answer(json).text());
    if (!bytes || bytes->size() != 32) return std::nullopt;
    return from_big_endian(*bytes);
}

bool is_nothing(const std::string& json) { return Answer(json).is_nothing(); }

std::optional<ChainHead> answered_block(const std::string& json) {
    const Answer answer(json);
    const auto number = read_number(answer.text("/number"));
    const auto hash = read_digest(answer.text("/hash"));
    if (!number || !hash) return std::nullopt;
    return ChainHead{*number, *hash};
}

std::optional<Digest> answered_transaction(const std::string& json) {
    return read_digest(Answer(json).text("/hash"));
}

std::optional<ChainReceipt> answered_receipt(const std::string& json, const Digest& transaction) {
    const Answer answer(json);
    const auto of = read_digest(answer.text("/transactionHash"));
    const auto block = read_number(answer.text("/blockNumber"));
    const auto in = read_digest(answer.text("/blockHash"));
    const auto status = read_number(answer.text("/status"));
    const auto gas = read_number(answer.text("/gasUsed"));
    const auto price = parse_quantity(answer.text("/effectiveGasPrice"));
    if (of != transaction || !block || !in || !status || !gas || !price) return std::nullopt;
    const auto fee = multiply(*price, *gas);
    if (!fee) return std::nullopt;
    return ChainReceipt{*block, *in, *status == 0, *fee};
}

std::optional<ChainFees> answered_fees(const std::string& json) {
    const Answer answer(json);
    const auto bases = answer.texts("/baseFeePerGas");
    const auto base = bases.empty() ? std::nullopt : parse_quantity(bases.back());
    if (!base) return std::nullopt;
    std::vector<Uint256> tips;
    for (const std::string_view text : answer.texts("/reward")) {
        if (const auto tip = parse_quantity(text)) tips.push_back(*tip);
    }
    std::ranges::sort(tips);
    return ChainFees{*base, tips.empty() ? Uint256{} : tips[tips.size() / 2]};
}

std::string answered_bytes(const std::string& json) {
    const Answer answer(json);
    const std::string_view alone = answer.text();
    return from_hex_0x(alone.empty() ? answer.text("/raw") : alone).value_or(std::string());
}

}  // namespace coffer
