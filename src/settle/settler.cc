#include "settle/settler.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "base/random.h"
#include "settle/chain_settler.h"
#include "settle/keystore.h"
#include "settle/node_chain.h"
#include "settle/signer.h"
#include "settle/signing_key.h"

namespace coffer {

namespace {

// Withdrawals that other processes took in are found by listing all, four times a lease.
constexpr Duration list_every_max = 15 * second_us;

std::string without_line_end(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

Result<SigningKey> key_of_file(const HotWalletOptions& options) {
    const auto keystore = read_secret_file(options.keystore_file);
    if (!keystore) return std::unexpected(keystore.error());
    auto password = read_secret_file(options.password_file);
    if (!password) return std::unexpected(password.error());
    std::string words = without_line_end(std::move(*password));
    auto key = read_keystore(*keystore, words);
    wipe(words);
    if (!key) return fail(key.error().code, options.keystore_file + ": " + key.error().detail);
    return key;
}

Result<SigningKey> key_of_environment(const std::string& variable) {
    char* const text = std::getenv(variable.c_str());
    if (text == nullptr) {
        return fail(ErrorCode::not_found, variable + ": the environment has no such variable; it " +
                                              "is to hold the hot wallet's private key");
    }
    std::string digits = without_line_end(text);
    // Who may read the process's first environment must not find it there either.
    wipe_bytes(text, std::strlen(text));
    ::unsetenv(variable.c_str());
    auto key = SigningKey::from_hex_digits(digits);
    wipe(digits);
    if (!key) return fail(key.error().code, variable + ": " + key.error().detail);
    return key;
}

Result<std::unique_ptr<Signer>> signer_of(const HotWalletOptions& options, JsonRpcOptions asks,
                                          const Clock& clock) {
    if (!options.signer_url.empty()) {
        const auto address = parse_chain_address(options.address);
        if (!address) {
            return fail(ErrorCode::invalid,
                        "the signer's address is to be 0x and 40 hexadecimal digits");
        }
        asks.urls = {options.signer_url};
        return make_remote_signer(*address, std::move(asks), clock);
    }
    auto key = !options.keystore_file.empty() ? key_of_file(options)
               : !options.key_environment.empty()
                   ? key_of_environment(options.key_environment)
                   : SigningKey::from_hex_digits(options.public_key_digits);
    if (!key) return std::unexpected(key.error());
    return make_key_signer(std::move(*key));
}

std::string name_of_this_process() {
    UuidBytes random;
    fill_random(random);
    return uuid_v4(random);
}

// What one chain needs, in the order in which it goes away last.
struct OneChain {
    std::unique_ptr<Chain> chain;
    std::vector<std::unique_ptr<Signer>> signers;
    std::unique_ptr<ChainSettler> settler;
};

class SettlerThread final : public Settler {
public:
    struct Paces {
        Duration look = minute_us, list = list_every_max;
    };
    SettlerThread(std::vector<OneChain> chains, Paces paces, const SettlerParts& parts,
                  std::shared_ptr<std::atomic<bool>> gives_up)
        : chains_(std::move(chains)),
          look_every_(paces.look),
          list_every_(paces.list),
          parts_(parts),
          gives_up_(std::move(gives_up)),
          thread_([this] {
              ::pthread_setname_np(::pthread_self(), "coffer-settle");
              run();
          }) {}

    ~SettlerThread() override {
        gives_up_->store(true);
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        woken_.notify_one();
        thread_.join();
    }

private:
    void run() {
        for (;;) {
            learn();
            for (OneChain& one : chains_) one.settler->look();
            std::unique_lock lock(mutex_);
            woken_.wait_for(lock, std::chrono::microseconds(look_every_),
                            [this] { return stopping_; });
            if (stopping_) return;
        }
    }

    // The whole list when nothing is known yet, when a currency may have been made, and where other
    // processes write; else what this process was asked for since.
    void learn() {
        std::vector<Sequence> queued;
        const bool is_whole = parts_.ledger.take_queued(queued);
        const Time now = parts_.clock.monotonic();
        const std::uint64_t directory = parts_.ledger.directory_version();
        const bool lists = !has_listed_ || !is_whole || directory != directory_ ||
                           (!parts_.alone && now - listed_ >= list_every_);
        if (!lists && queued.empty()) return;
        const Outcome listed = lists ? parts_.ledger.perform(ListWithdrawals{.open_only = true})
                                     : parts_.ledger.perform(ListWithdrawals{.only = queued});
        // Whatever could not be read is in the whole list, next time.
        has_listed_ = listed.done();
        if (!listed.done()) return;
        if (lists) {
            listed_ = now;
            directory_ = directory;
        }
        for (OneChain& one : chains_) one.settler->learn(listed);
    }

    std::vector<OneChain> chains_;
    const Duration look_every_, list_every_;
    const SettlerParts parts_;
    const std::shared_ptr<std::atomic<bool>> gives_up_;  // what asks the nodes looks at it
    Time listed_ = 0;
    std::uint64_t directory_ = 0;
    bool has_listed_ = false;
    std::mutex mutex_;  // guards stopping_
    std::condition_variable woken_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Settler>> Settler::start(std::vector<ChainOptions> chains,
                                                const SettlerParts& parts) {
    const std::string holder = name_of_this_process();
    const auto gives_up = std::make_shared<std::atomic<bool>>(false);
    std::vector<OneChain> all;
    SettlerThread::Paces paces;
    for (ChainOptions& options : chains) {
        OneChain one;
        const JsonRpcOptions asks{
            .urls = options.urls, .timeout_ms = options.timeout_ms, .gives_up = gives_up};
        one.chain = make_node_chain(asks, parts.clock);
        for (const HotWalletOptions& wallet : options.hot_wallets) {
            auto signer = signer_of(wallet, asks, parts.clock);
            if (!signer) {
                return fail(signer.error().code,
                            "chain " + options.policy.name + ": " + signer.error().detail);
            }
            parts.log.info("a hot wallet pays withdrawals",
                           {{"chain", options.policy.name},
                            {"address", mask_chain_address((*signer)->address())}});
            one.signers.push_back(std::move(*signer));
        }
        paces.look = std::min(paces.look, options.look_every_ms * millisecond_us);
        paces.list = std::min(paces.list, options.policy.lease / 4);
        all.push_back(std::move(one));
        // The spans of the parts point into vectors that move no more once `all` is handed over.
        all.back().settler = std::make_unique<ChainSettler>(
            std::move(options.policy), ChainSettlerParts{.ledger = parts.ledger,
                                                         .chain = *all.back().chain,
                                                         .signers = all.back().signers,
                                                         .clock = parts.clock,
                                                         .log = parts.log,
                                                         .metrics = parts.metrics,
                                                         .holder = holder,
                                                         .alone = parts.alone});
    }
    return std::make_unique<SettlerThread>(std::move(all), paces, parts, gives_up);
}

}  // namespace coffer
