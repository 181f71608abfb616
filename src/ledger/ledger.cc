// The house's second floor as its callers see it: ports in front, the lane and two clerks behind.
//
// An intent goes to the lane, or to the historian's thread (lists, and what needs the journal
// before it can be judged), or to the password thread. The latter two either answer themselves or
// pass the job on to the lane, completed with what they found.

#include "ledger/ledger.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>

#include "ledger/clerk.h"
#include "ledger/enroll.h"
#include "ledger/history.h"
#include "ledger/lane.h"
#include "ledger/watcher.h"

namespace coffer {

namespace {

enum class Desk : std::uint8_t { lane, historian, passwords };

struct WhoseDesk {
    Desk operator()(const ListMovements&) const { return Desk::historian; }
    Desk operator()(const FindTransaction&) const { return Desk::historian; }
    Desk operator()(const ListWallets&) const { return Desk::historian; }
    Desk operator()(const ListRounds&) const { return Desk::historian; }
    Desk operator()(const ListRecords&) const { return Desk::historian; }
    Desk operator()(const ListWithdrawals&) const { return Desk::historian; }
    Desk operator()(const ListHotWallets&) const { return Desk::historian; }
    Desk operator()(const ReadDeposits&) const { return Desk::historian; }
    Desk operator()(const ListDeposits&) const { return Desk::historian; }
    Desk operator()(const ListTransfers&) const { return Desk::historian; }
    Desk operator()(const ListDepositors&) const { return Desk::historian; }
    Desk operator()(const ReadPause&) const { return Desk::historian; }
    Desk operator()(const ReadRetry&) const { return Desk::historian; }
    Desk operator()(const JudgeWithdrawal&) const { return Desk::historian; }
    Desk operator()(const CloseRound&) const { return Desk::historian; }
    Desk operator()(const Register&) const { return Desk::passwords; }
    Desk operator()(const LogIn&) const { return Desk::passwords; }
    Desk operator()(const Move& move) const {
        return move.kind == TransactionKind::reversal ? Desk::historian : Desk::lane;
    }
    template <class Other>
    Desk operator()(const Other&) const {
        return Desk::lane;
    }
};

// For so long a list looks on for what its page has room for.
constexpr Duration list_time_max = 2 * second_us;

std::uint32_t shown(const ListMovements&, const Outcome& page) {
    return static_cast<std::uint32_t>(page.movements.size());
}
std::uint32_t shown(const ListRounds&, const Outcome& page) {
    return static_cast<std::uint32_t>(page.records.size());
}

// Makes of the list the one of what its first step has left.
template <class List>
void leave_to_look_at(List& list, const Outcome& step) {
    list.before = step.next;
    list.limit -= shown(list, step);
    if constexpr (requires { list.skip; }) list.skip = 0;
}

// A hash to compare with when nobody of that name is known, so that the answer takes as long.
const std::string& decoy_hash() {
    static const std::string hash = hash_password("nobody has this password");
    return hash;
}

class PortHandle final : public Port {
public:
    explicit PortHandle(std::shared_ptr<LedgerPort> port) : port_(std::move(port)) {}
    ~PortHandle() override { port_->forget_wake(); }
    bool submit(Tag tag, Intent& intent, Time deadline) override {
        return port_->submit(tag, intent, deadline);
    }
    void collect(const Collect& collect) override { port_->collect(collect); }

private:
    std::shared_ptr<LedgerPort> port_;
};

class LedgerHouse final : public Ledger {
public:
    LedgerHouse(Store& store, const LedgerOptions& options, const Clock& clock, Log& log,
                Metrics& metrics, Directory directory)
        : store_(store),
          clock_(clock),
          log_(log),
          options_(options),
          historian_(store),
          shared_directory_(std::move(directory)),
          history_(options.history_queue_max, [this](Job* job) { look_up(job); }),
          passwords_(options.password_queue_max, [this](Job* job) { check_password(job); }) {
        for (Shard shard = 0; shard < store.shards(); ++shard) {
            lanes_.push_back(std::make_unique<Lane>(
                store.of_shard(shard), shard, options, clock, log, metrics, shared_directory_,
                [this](Job* job) { first_lane().forward(job); }));
        }
        for (const auto& lane : lanes_) lane->start();
        if (store.is_shared()) watcher_.emplace(store, log, shared_directory_);
        own_port_ = open_port([this] {
            const std::lock_guard lock(own_mutex_);
            own_answered_ = true;
            own_woken_.notify_one();
        });
    }

    // The clerks first, because what they finish may go on to the lane.
    ~LedgerHouse() override {
        watcher_.reset();
        history_.stop();
        passwords_.stop();
        // The first one last, because the others hand over to it.
        for (auto lane = lanes_.rbegin(); lane != lanes_.rend(); ++lane) (*lane)->stop();
    }

    std::unique_ptr<Port> open_port(std::function<void()> wake) override {
        auto port = std::make_shared<LedgerPort>(
            options_.port_intents_max, store_.keys(), std::move(wake),
            [this](LedgerPort& from, Job* job) { return route(from, job); });
        for (const auto& lane : lanes_) lane->add(port);
        return std::make_unique<PortHandle>(std::move(port));
    }

    std::shared_ptr<const Directory> directory() const override { return shared_directory_.get(); }
    std::uint64_t directory_version() const override { return shared_directory_.version(); }
    bool ready() const override {
        return std::ranges::all_of(lanes_, [](const auto& lane) { return lane->ready(); }) &&
               (!watcher_ || watcher_->reaches_store());
    }

    void show(HotWalletSight sight) override {
        const std::lock_guard lock(sights_mutex_);
        sights_[{sight.chain, sight.address}] = std::move(sight);
    }

    bool take_queued(std::vector<Sequence>& queued) override {
        // The first shard's lane alone takes withdrawals in.
        return first_lane().queued().take(queued);
    }

    Outcome perform(Intent intent) override {
        const std::lock_guard one_at_a_time(perform_mutex_);
        if (!own_port_->submit(0, intent)) {
            Outcome outcome;
            outcome.fault = Fault::not_now;
            return outcome;
        }
        Outcome answer;
        bool answered = false;
        while (!answered) {
            {
                std::unique_lock lock(own_mutex_);
                own_woken_.wait(lock, [this] { return own_answered_; });
                own_answered_ = false;
            }
            own_port_->collect([&](Tag, Intent&, Outcome& outcome) {
                answer = std::move(outcome);
                answered = true;
            });
        }
        return answer;
    }

private:
    Lane& first_lane() { return *lanes_.front(); }

    bool route(LedgerPort& port, Job* job) {
        switch (std::visit(WhoseDesk{}, job->intent)) {
            case Desk::lane: {
                const Shard shard = port.homes().of(*job);
                if (!port.inbox(shard).push(job)) return false;
                lanes_[shard]->ring();
                return true;
            }
            case Desk::historian: return history_.take(job);
            case Desk::passwords:
                if (passwords_.take(job)) return true;
                job->outcome = Outcome{};
                job->outcome.fault = Fault::throttled;
                answer(job);
                return true;
        }
        return false;
    }

    static void answer(Job* job) {
        std::vector<Job*> one{job};
        job->port->finish(one);
    }

    bool too_late(Job* job) {
        if (job->deadline == 0 || clock_.monotonic() <= job->deadline) return false;
        job->outcome.fault = Fault::not_now;
        answer(job);
        return true;
    }

    Outcome step_of(const ListMovements& list) {
        return historian_.answer(list, *shared_directory_.get(), clock_.wall());
    }
    Outcome step_of(const ListRounds& list) {
        return historian_.answer(list, *shared_directory_.get());
    }

    // A step of the historian looks at a bounded number of records, and then the other questions
    // have their turn. A page goes on until it is full, nothing is left or a while has passed; what
    // is then missing is behind its cursor.
    template <class List>
    void go_on(Job* job, List& list) {
        Outcome step = step_of(list);
        const Time now = clock_.monotonic();
        const bool first = job->list_until == 0;
        if (first) job->list_until = now + list_time_max;
        const bool ended_early = step.done() && step.next != 0 && shown(list, step) < list.limit;
        if (ended_early) leave_to_look_at(list, step);
        Outcome& page = job->outcome;
        if (first || !step.done()) {
            page = std::move(step);
        } else {
            std::ranges::move(step.movements, std::back_inserter(page.movements));
            std::ranges::move(step.records, std::back_inserter(page.records));
            page.next = step.next;
        }
        if (ended_early && now < job->list_until && history_.take(job)) return;
        if (page.fault == Fault::internal) log_.error("a list could not be read from the store");
        answer(job);
    }

    void look_up(Job* job) {
        // A list that goes on has its first part already.
        if (job->list_until == 0) {
            job->outcome = Outcome{};
            if (too_late(job)) return;
        }
        const auto directory = shared_directory_.get();
        const Time now = clock_.wall();
        if (auto* move = std::get_if<Move>(&job->intent)) {
            return judge_or_forward(job, historian_.prepare(*move));
        }
        if (auto* close = std::get_if<CloseRound>(&job->intent)) {
            return judge_or_forward(job, historian_.prepare(*close));
        }
        if (auto* cancel = std::get_if<JudgeWithdrawal>(&job->intent)) {
            return judge_or_forward(job, historian_.prepare(*cancel));
        }
        if (auto* movements = std::get_if<ListMovements>(&job->intent)) {
            return go_on(job, *movements);
        }
        if (auto* rounds = std::get_if<ListRounds>(&job->intent)) return go_on(job, *rounds);
        if (const auto* transaction = std::get_if<FindTransaction>(&job->intent)) {
            job->outcome = historian_.answer(*transaction);
        } else if (const auto* wallets = std::get_if<ListWallets>(&job->intent)) {
            job->outcome = historian_.answer(*wallets, *directory, now);
        } else if (const auto* records = std::get_if<ListRecords>(&job->intent)) {
            job->outcome = historian_.answer(*records, *directory);
        } else if (const auto* withdrawals = std::get_if<ListWithdrawals>(&job->intent)) {
            job->outcome = historian_.answer(*withdrawals);
        } else if (const auto* hot_wallets = std::get_if<ListHotWallets>(&job->intent)) {
            job->outcome = historian_.answer(*hot_wallets);
            add_sights(job->outcome);
        } else if (const auto* known = std::get_if<ReadDeposits>(&job->intent)) {
            job->outcome = historian_.answer(*known);
        } else if (const auto* deposits = std::get_if<ListDeposits>(&job->intent)) {
            job->outcome = historian_.answer(*deposits);
        } else if (const auto* transfers = std::get_if<ListTransfers>(&job->intent)) {
            job->outcome = historian_.answer(*transfers);
        } else if (const auto* depositors = std::get_if<ListDepositors>(&job->intent)) {
            job->outcome = historian_.answer(*depositors);
        } else if (const auto* pause = std::get_if<ReadPause>(&job->intent)) {
            job->outcome = historian_.answer(*pause);
        } else if (const auto* retry = std::get_if<ReadRetry>(&job->intent)) {
            job->outcome = historian_.answer(*retry);
        }
        if (job->outcome.fault == Fault::internal)
            log_.error("a list could not be read from the store");
        answer(job);
    }

    void add_sights(Outcome& outcome) {
        const std::lock_guard lock(sights_mutex_);
        for (HotWalletView& view : outcome.hot_wallets) {
            const auto seen = sights_.find({view.record->chain, view.record->address});
            if (seen != sights_.end()) view.sight = seen->second;
        }
    }

    void judge_or_forward(Job* job, const Result<Decline>& decline) {
        if (!decline) {
            log_.error("what is to be judged could not be read from the store");
            job->outcome = failed(decline.error());
            return answer(job);
        }
        if (*decline == Decline::none) return first_lane().forward(job);
        job->outcome.decline = *decline;
        answer(job);
    }

    void check_password(Job* job) {
        job->outcome = Outcome{};
        if (too_late(job)) return;  // it may have queued for longer than hashing takes
        if (auto* registration = std::get_if<Register>(&job->intent)) {
            registration->password_hash = hash_password(registration->password);
            wipe(registration->password);
            return first_lane().forward(job);
        }
        LogIn& login = std::get<LogIn>(job->intent);
        const auto found = store_.find(store_.keys().login(login.integration, folded(login.name)));
        const auto* known = found ? std::get_if<Ptr<Login>>(&*found) : nullptr;
        const bool right =
            password_matches(known ? (*known)->password_hash : decoy_hash(), login.password);
        wipe(login.password);
        if (!found) {
            job->outcome.fault = Fault::not_now;
            return answer(job);
        }
        if (known == nullptr || !right) {
            job->outcome.decline = Decline::session_unknown;
            return answer(job);
        }
        login.session.player = (*known)->player;
        first_lane().forward(job);
    }

    Store& store_;
    const Clock& clock_;
    Log& log_;
    const LedgerOptions options_;
    Historian historian_;
    SharedDirectory shared_directory_;
    std::vector<std::unique_ptr<Lane>> lanes_;  // by shard
    std::optional<Watcher> watcher_;            // of a store that other processes write to
    Clerk history_;
    Clerk passwords_;
    std::mutex sights_mutex_;  // guards sights_
    std::map<std::pair<std::uint64_t, std::string>, HotWalletSight> sights_;
    std::mutex perform_mutex_;
    std::mutex own_mutex_;  // guards own_answered_
    std::condition_variable own_woken_;
    bool own_answered_ = false;
    std::unique_ptr<Port> own_port_;
};

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(Store& store, const LedgerOptions& options,
                                             const Clock& clock, Log& log, Metrics& metrics) {
    auto directory = Directory::load(store);
    if (!directory) return std::unexpected(directory.error());
    return std::make_unique<LedgerHouse>(store, options, clock, log, metrics,
                                         std::move(*directory));
}

}  // namespace coffer
