#include "settle/settler.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "base/extended_key.h"
#include "base/random.h"
#include "settle/chain_settler.h"
#include "settle/deposit_watcher.h"
#include "settle/hot_sights.h"
#include "settle/keystore.h"
#include "settle/node_chain.h"
#include "settle/signer.h"
#include "settle/signing_key.h"
#include "settle/sweeper.h"

namespace coffer {

namespace {

// Withdrawals that other processes took in are found by listing all, four times a lease.
constexpr Duration list_every_max = 15 * second_us;
// While blocks are left that were not looked at for deposits.
constexpr Duration catch_up_every = 10 * millisecond_us;

std::string without_line_end(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

// What `read` makes of the keystore and its password.
template <class Secret>
Result<Secret> secret_of_file(const std::string& keystore_file, const std::string& password_file,
                              Result<Secret> (*read)(std::string_view, std::string_view)) {
    const auto keystore = read_secret_file(keystore_file);
    if (!keystore) return std::unexpected(keystore.error());
    auto password = read_secret_file(password_file);
    if (!password) return std::unexpected(password.error());
    std::string words = without_line_end(std::move(*password));
    auto secret = read(*keystore, words);
    wipe(words);
    if (!secret) return fail(secret.error().code, keystore_file + ": " + secret.error().detail);
    return secret;
}

// What `read` makes of digits that came from that variable, if from any.
template <class Secret>
Result<Secret> secret_of_digits(const std::string& variable, std::string_view digits,
                                Result<Secret> (*read)(std::string_view)) {
    auto secret = read(digits);
    if (!secret && !variable.empty()) {
        return fail(secret.error().code, variable + ": " + secret.error().detail);
    }
    return secret;
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
    auto key = !options.keystore_file.empty()
                   ? secret_of_file(options.keystore_file, options.password_file, &read_keystore)
                   : secret_of_digits(options.key_environment, options.key_digits,
                                      &SigningKey::from_hex_digits);
    if (!key) return std::unexpected(key.error());
    return make_key_signer(std::move(*key));
}

Result<std::string> seed_of_digits(std::string_view digits) {
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    auto seed = from_hex(digits);
    if (!seed) return fail(ErrorCode::invalid, "a seed is hexadecimal digits, 32 to 128 of them");
    return std::move(*seed);
}

// The key above all deposit addresses, at the place where wallets of the field have their first
// account's (BIP-44): m/44'/60'/0'/0.
Result<ExtendedKey> deposit_key_of(const DepositOptions& options) {
    auto seed =
        !options.keystore_file.empty()
            ? secret_of_file(options.keystore_file, options.password_file, &read_keystore_secret)
            : secret_of_digits(options.seed_environment, options.seed_digits, &seed_of_digits);
    if (!seed) return std::unexpected(seed.error());
    auto key = ExtendedKey::from_seed(*seed);
    wipe(*seed);
    for (const std::uint32_t step :
         {first_hardened_child + 44, first_hardened_child + 60, first_hardened_child, 0U}) {
        if (key) key = key->child(step);
    }
    return key;
}

// Tells the ledger, which knows for ever what its addresses follow from.
Result<ExtendedKey> open_deposits(const DepositOptions& options, Ledger& ledger) {
    auto key = deposit_key_of(options);
    if (!key) return fail(key.error().code, "deposits: " + key.error().detail);
    const Outcome opened = ledger.perform(OpenDeposits{key->public_key()});
    if (opened.decline == Decline::exists) {
        return fail(ErrorCode::invalid,
                    "deposits: the addresses in these books follow from another seed than this");
    }
    if (!opened.done())
        return fail(ErrorCode::unavailable, "deposits: the ledger takes no changes");
    return key;
}

// Whether anything is to be moved from players' addresses, for which their keys are needed.
bool is_swept(const ChainPolicy& policy) {
    return std::ranges::any_of(policy.tokens, [](const TokenOnChain& token) {
        return token.contract && token.takes_deposits && token.sweep_above;
    });
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
    std::unique_ptr<HotSights> sights;
    std::unique_ptr<Sweeper> sweeper;         // null: nothing is swept
    std::unique_ptr<DepositWatcher> watcher;  // null: there are no deposits
};

class SettlerThread final : public Settler {
public:
    struct Paces {
        Duration look = minute_us, list = list_every_max;
    };
    SettlerThread(std::vector<OneChain> chains, std::unique_ptr<const ExtendedKey> deposit_key,
                  Paces paces, const SettlerParts& parts,
                  std::shared_ptr<std::atomic<bool>> gives_up)
        : deposit_key_(std::move(deposit_key)),
          chains_(std::move(chains)),
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
            bool has_more = false;
            for (OneChain& one : chains_) {
                one.settler->look();
                has_more = (one.watcher && one.watcher->look()) || has_more;
                if (one.sweeper) one.sweeper->look();
                one.sights->look();
            }
            std::unique_lock lock(mutex_);
            // At once where blocks are left to look at, unless nobody answers.
            woken_.wait_for(lock,
                            std::chrono::microseconds(has_more ? catch_up_every : look_every_),
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

    const std::unique_ptr<const ExtendedKey> deposit_key_;  // null: nothing is swept
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

Result<std::unique_ptr<Settler>> start_with(std::vector<ChainOptions>& chains,
                                            const DepositOptions& deposits,
                                            const SettlerParts& parts) {
    // Kept for as long as the program runs where something is swept, and wiped here else.
    std::unique_ptr<const ExtendedKey> key;
    std::optional<ExtendedPublicKey> root;
    if (deposits.is_set()) {
        auto opened = open_deposits(deposits, parts.ledger);
        if (!opened) return std::unexpected(opened.error());
        root = opened->public_key();
        const bool sweeps = std::ranges::any_of(
            chains, [](const ChainOptions& options) { return is_swept(options.policy); });
        if (sweeps) key = std::make_unique<const ExtendedKey>(std::move(*opened));
    }
    const std::string holder = name_of_this_process();
    const auto gives_up = std::make_shared<std::atomic<bool>>(false);
    std::vector<OneChain> all;
    SettlerThread::Paces paces;
    for (ChainOptions& options : chains) {
        OneChain one;
        const JsonRpcOptions asks{.urls = options.urls,
                                  .timeout_ms = options.timeout_ms,
                                  .ca_file = options.ca_file,
                                  .gives_up = gives_up};
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
        all.back().sights = std::make_unique<HotSights>(
            options.policy, HotSightsParts{.ledger = parts.ledger,
                                           .chain = *all.back().chain,
                                           .signers = all.back().signers,
                                           .clock = parts.clock});
        if (key && is_swept(options.policy)) {
            all.back().sweeper = std::make_unique<Sweeper>(
                options.policy, SweeperParts{.ledger = parts.ledger,
                                             .chain = *all.back().chain,
                                             .signers = all.back().signers,
                                             .key = *key,
                                             .clock = parts.clock,
                                             .log = parts.log,
                                             .metrics = parts.metrics,
                                             .holder = holder,
                                             .alone = parts.alone});
        }
        std::function<void(const AddressOwner&, CurrencyId, std::uint64_t)> credited;
        if (Sweeper* const sweeper = all.back().sweeper.get()) {
            credited = [sweeper](const AddressOwner& owner, CurrencyId currency,
                                 std::uint64_t block) { sweeper->notice(owner, currency, block); };
        }
        if (root) {
            all.back().watcher = std::make_unique<DepositWatcher>(
                options.policy, DepositWatcherParts{.ledger = parts.ledger,
                                                    .chain = *all.back().chain,
                                                    .log = parts.log,
                                                    .metrics = parts.metrics,
                                                    .root = *root,
                                                    .credited = credited});
        }
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
    return std::make_unique<SettlerThread>(std::move(all), std::move(key), paces, parts, gives_up);
}

}  // namespace

Result<std::unique_ptr<Settler>> Settler::start(std::vector<ChainOptions> chains,
                                                DepositOptions deposits,
                                                const SettlerParts& parts) {
    auto started = start_with(chains, deposits, parts);
    for (ChainOptions& chain : chains) {
        for (HotWalletOptions& wallet : chain.hot_wallets) wipe(wallet.key_digits);
    }
    wipe(deposits.seed_digits);
    return started;
}

}  // namespace coffer
