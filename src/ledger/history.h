#pragma once
// Lists and histories, read from what is durable, off the lane, in bounded steps.
//
// A Historian answers from a Reader and belongs to one thread. Where the question names a player it
// goes back along the trails of his wallets, where it does not, down the journal. No answer looks
// at more records than `steps_max`: one for which that is not enough ends early, maybe with nothing
// found, and its cursor goes on from there.

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ledger/directory.h"
#include "ledger/intent.h"
#include "ledger/outcome.h"
#include "ledger/trail_walk.h"

namespace coffer {

class Historian {
public:
    // 20,000 records take about a tenth of a second.
    static constexpr std::size_t steps_max_default = 20'000;
    explicit Historian(const Reader& reader, std::size_t steps_max = steps_max_default)
        : reader_(reader), steps_max_(steps_max) {}

    Outcome answer(const ListMovements& ask, const Directory& directory, Time now) const;
    Outcome answer(const FindTransaction& ask) const;
    Outcome answer(const ListWallets& ask, const Directory& directory, Time now) const;
    Outcome answer(const ListRounds& ask, const Directory& directory) const;
    Outcome answer(const ListRecords& ask, const Directory& directory) const;
    Outcome answer(const ListWithdrawals& ask) const;
    Outcome answer(const ListHotWallets& ask) const;
    Outcome answer(const ReadDeposits& ask) const;
    Outcome answer(const ListDeposits& ask) const;
    Outcome answer(const ListTransfers& ask) const;
    Outcome answer(const ListDepositors& ask) const;
    Outcome answer(const ReadPause& ask) const;
    Outcome answer(const ReadRetry& ask) const;

    // Fill in what the lane needs of the journal before it can judge these.
    Result<Decline> prepare(Move& reversal) const;
    Result<Decline> prepare(CloseRound& close) const;
    Result<Decline> prepare(JudgeWithdrawal& cancel) const;

    // The movements of journal records, with what became of them since.
    Result<std::vector<Movement>> movements(std::span<const Change> changes) const;

private:
    // Whose history it is.
    struct Subject {
        Decline decline = Decline::none;
        TenantId tenant = 0;
        IntegrationId integration = 0;
        Ptr<Player> player;  // null with every_player
        Ptr<Session> session;
    };
    Result<Subject> subject(const Caller& caller, const Directory& directory, Time now) const;
    // The page being filled.
    struct Page {
        std::size_t limit = 0;
        std::size_t steps_left = 0;
        std::vector<Change> found = {};
        Sequence next = 0;  // where the next page begins; 0 at the end

        // Looks at one record; false when the page ends with it or before it.
        bool look(const Change& change, bool wanted);
    };
    using TrailOf = TrailWalk::TrailOf;
    // Looks at a record; false ends the walk.
    using Look = std::function<Result<bool>(const Change&)>;

    Result<void> fill(const Subject& subject, const ListMovements& ask, const Directory& directory,
                      Page& page, Outcome& outcome) const;
    Result<void> walk(const std::vector<Ptr<Wallet>>& wallets, const ListMovements& ask,
                      Sequence before, Page& page) const;
    Result<void> scan(TenantId tenant, const ListMovements& ask, Sequence before, Page& page) const;
    Result<void> look_up(const Subject& subject, const ListMovements& ask,
                         const Directory& directory, Page& page) const;
    Result<void> add_players(TenantId tenant, Outcome& outcome) const;

    // history_walk.cc
    Result<Ptr<Wallet>> wallet_after(Sequence sequence) const;
    // The first journal record later than that time, of a shard; one past the end if there is none.
    Result<Sequence> first_after(Time time, Shard shard) const;
    // The same of all shards; where there are several, 0 if there is none.
    Result<Sequence> first_after(Time time) const;
    Shard home_of(const Player& player) const {
        return reader_.keys().home(player.tenant, player.id);
    }
    // The newest record of a trail that is older than `limit` (0: than nothing), and the newest but
    // `count`; 0 if there is none.
    Result<Sequence> newest_below(const Wallet& newest, TrailOf which, Sequence limit) const;
    Result<Sequence> newest_but(const Wallet& newest, TrailOf which, std::uint64_t count) const;
    // Newest first: the records of some trails as one list, and the journal below a record.
    Result<void> along_trails(TrailWalk walk, const Look& look) const;
    Result<void> down_the_journal(Sequence before, const Look& look) const;
    Result<std::vector<Ptr<Wallet>>> wallets(TenantId tenant, std::string_view player,
                                             const Directory& directory) const;

    // The records under those names, together; null where there is none of that kind.
    template <class T>
    Result<std::vector<Ptr<T>>> find_all(std::span<const RecordKey> keys) const {
        std::vector<Record> records(keys.size());
        TRY(reader_.find_all(keys, records));
        std::vector<Ptr<T>> all;
        for (const Record& record : records) {
            const auto* found = std::get_if<Ptr<T>>(&record);
            all.push_back(found == nullptr ? Ptr<T>() : *found);
        }
        return all;
    }

    Outcome only(const RecordKey& name) const;
    Result<void> add_under_way(std::vector<HotWalletView>& wallets) const;

    // history_list.cc
    struct OpeningLook {
        Change record;                   // no more than its number
        std::optional<RecordKey> round;  // that it opened
    };
    Result<bool> judge(std::vector<OpeningLook>& looked, const ListRounds& ask, Page& page,
                       Outcome& outcome) const;
    Result<Time> time_of(Sequence cursor) const;
    Result<bool> knows(TenantId tenant, const std::string& player) const;
    Result<Ptr<Round>> round(TenantId tenant, Sequence opened_by, Time opened) const;
    template <class T>
    Result<Ptr<T>> find(const RecordKey& key) const {
        auto record = reader_.find(key);
        if (!record) return std::unexpected(record.error());
        const auto* found = std::get_if<Ptr<T>>(&*record);
        return found == nullptr ? Ptr<T>() : *found;
    }

    const Reader& reader_;
    const std::size_t steps_max_;
};

// A read that failed: nothing is known.
Outcome failed(const Error& error);
Outcome declined(Decline decline);

}  // namespace coffer
