#pragma once
// A call as text with holes, and the maker that fills them for call number n.
//
// Everything that is the same for all calls is made once: a call then costs the copying of its
// bytes, its ids and, where its pattern has one, its signature. Holes are written `<name>`.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coffer {

enum class Hole : std::uint8_t {
    player,         // the native id of the call's load player
    player_number,  // integrator's player_id of it, with spaces in front to one width
    id,             // external id, 87 characters, unique
    short_id,       // the same in 36 characters
    round,          // round id, 76 characters, unique
    short_round,    // the same in 36 characters
    secret,         // what the preparation was given for this player: a token
    signature,      // hex HMAC-SHA256 of the body; in headers only
};
inline constexpr std::size_t hole_count = 8;

struct HeaderPattern {
    std::string name;  // lower case
    std::string value;
};

struct CallPattern {
    std::string method = "POST";
    std::string target;
    std::vector<HeaderPattern> headers;
    std::string body;
    std::string signing_key;
};

// Which calls are made: of whom, and under which ids.
struct Crowd {
    std::uint64_t players = 1;
    std::string run_word;
    std::vector<std::string> secrets;  // player i has number (i - 1) modulo their count
    enum class Order { in_turn, shuffled } order = Order::shuffled;
};

// A text with holes, cut into pieces once.
class Template {
public:
    explicit Template(std::string_view text);
    using Filling = std::array<std::string_view, hole_count>;
    void append(const Filling& filling, std::string& out) const;
    bool has(Hole hole) const;
    // The text, where there is no hole in it.
    bool is_fixed() const { return holes_.empty(); }
    const std::string& text() const { return literals_.front(); }

private:
    std::vector<std::string> literals_;  // one more than holes
    std::vector<Hole> holes_;
};

// One call, made. `values` are the headers' that differ from call to call; those that do not stay
// with the maker.
struct MadeCall {
    std::string target;
    std::vector<std::string> values;  // empty where the header's value is fixed
    std::string body;
};

class CallMaker {
public:
    // Patterns take turns, by call number.
    CallMaker(const std::vector<CallPattern>& patterns, Crowd crowd, std::string authority);

    struct Header {
        std::string name;
        Template value;
    };
    struct Plan {
        std::string method;
        Template target;
        std::vector<Header> headers;
        Template body;
        std::string signing_key;
        std::string http1_end;  // authority and fixed headers, with line ends
        std::array<bool, hole_count> needs{};
    };
    const Plan& plan(std::uint64_t number) const { return plans_[number % plans_.size()]; }
    const std::string& authority() const { return authority_; }
    const Crowd& crowd() const { return crowd_; }

    // For HTTP/2: the parts.
    void make(std::uint64_t number, MadeCall& call);
    // For HTTP/1.1: appends the whole request.
    void append_http1(std::uint64_t number, std::string& out);
    // From 1 on.
    std::uint64_t player_of(std::uint64_t number) const;

private:
    void fill(std::uint64_t number);

    Crowd crowd_;
    std::string authority_;
    std::vector<Plan> plans_;
    // The filling of the call being made; kept to keep their memory.
    std::array<std::string, hole_count> texts_;
    Template::Filling filling_;
    MadeCall call_;
};

}  // namespace coffer
