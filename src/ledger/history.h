#pragma once
// Lists and histories, read from what is durable, off the lane.
//
// A Historian answers from a Reader and belongs to one thread. It walks a wallet's own chain where
// the question names a wallet, and the journal where it does not.

#include "ledger/directory.h"
#include "ledger/intent.h"
#include "ledger/outcome.h"

namespace coffer {

class Historian {
public:
    explicit Historian(const Reader& reader) : reader_(reader) {}

    Outcome answer(const ListMovements& ask, const Directory& directory, Time now) const;
    Outcome answer(const FindTransaction& ask) const;
    Outcome answer(const ListWallets& ask, const Directory& directory, Time now) const;
    Outcome answer(const ListRounds& ask) const;
    Outcome answer(const ListRecords& ask, const Directory& directory) const;

    // Fill in what the lane needs of the journal before it can judge these.
    Decline prepare(Move& reversal) const;
    Decline prepare(CloseRound& close) const;

    // The movement of a journal record, with what became of it since.
    Result<Movement> movement(const Change& change) const;

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
    Result<void> walk(const Wallet& newest, const ListMovements& ask, Outcome& outcome) const;
    Result<void> merge(const std::vector<Ptr<Wallet>>& wallets, const ListMovements& ask,
                       Outcome& outcome) const;
    Result<void> scan(const Subject& subject, const ListMovements& ask, Outcome& outcome) const;
    Result<void> look_up(const Subject& subject, const ListMovements& ask,
                         const Directory& directory, Outcome& outcome) const;
    Result<void> add_players(TenantId tenant, Outcome& outcome) const;
    Result<Ptr<Wallet>> wallet_after(Sequence sequence) const;
    Result<Sequence> first_after(Time time) const;
    template <class T>
    Result<Ptr<T>> find(const RecordKey& key) const {
        auto record = reader_.find(key);
        if (!record) return std::unexpected(record.error());
        const auto* found = std::get_if<Ptr<T>>(&*record);
        return found == nullptr ? Ptr<T>() : *found;
    }

    const Reader& reader_;
};

// A read that failed: nothing is known.
Outcome failed(const Error& error);

// The wallet's after-image in a journal record, or null.
Ptr<Wallet> wallet_in(const Change& change);

}  // namespace coffer
