#pragma once
// A real node for tests: anvil on a free port of this machine, with a token on its chain. It comes
// from npm; `./dev` installs it (tools/chain).

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "settle/json_rpc.h"
#include "settle/signer.h"

namespace coffer {

class Anvil {
public:
    static constexpr std::uint64_t chain_id = 1337;

    Anvil();   // ready when this returns; throws where it cannot be
    ~Anvil();  // stopped
    Anvil(const Anvil&) = delete;
    Anvil& operator=(const Anvil&) = delete;

    const std::string& url() const { return url_; }
    // The result as JSON; throws with the node's words where it is an error.
    std::string ask(std::string_view method, std::string_view parameters = "[]");
    void mine(int blocks = 1);
    // A transaction of the node's own first account, mined at once.
    std::string run(std::string_view to, std::string_view data);

    // The token's address; deployed at the first call. Its maker, the first account, has it all.
    const ChainAddress& token();
    void give_tokens(const ChainAddress& to, const Uint256& amount);
    Uint256 tokens(const ChainAddress& owner);
    Uint256 coins(const ChainAddress& owner);
    std::uint64_t nonce(const ChainAddress& owner);
    // The node's account of that number, 0 to 3, whose key everybody knows.
    static SigningKey key(std::size_t number);

private:
    SystemClock clock_;
    pid_t process_ = 0;
    std::string url_;
    std::unique_ptr<JsonRpc> rpc_;
    ChainAddress token_{};
};

// A port that nobody listens on.
std::uint16_t free_port();

}  // namespace coffer
