#pragma once
// Books that were kept honestly and then forged in one place, for the tests of verify.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger/world_fixture.h"

namespace coffer {

// A journal that may say anything, and indexes that follow it, unless told to err.
class ForgedBooks final : public Reader {
public:
    ForgedBooks(const KeyMaker& keys, std::vector<Change> changes)
        : keys_(keys), changes_(std::move(changes)) {}

    // Makes the chain right again, and every record what a reader of the stored bytes would see.
    void hash_again();

    const KeyMaker& keys() const override { return keys_; }
    Result<Record> find(const RecordKey& key) const override;
    Result<Change> change(Sequence sequence) const override;
    Result<void> upward(Sequence first, const Visit& visit) const override;
    Result<void> downward(Sequence first, const Visit& visit) const override;
    Result<void> each(RecordKind kind, const VisitRecord& visit) const override;
    JournalEnd end() const override { return end_; }

    std::vector<Change>& changes() { return changes_; }
    JournalEnd& forged_end() { return end_; }
    // What the index finds instead, for the keys where it gives something.
    std::function<std::optional<Result<Record>>(const RecordKey&)> index_errs;
    RecordKind lists_nothing_of = RecordKind::none;
    bool lists_a_stranger = false;

private:
    KeyMaker keys_;
    std::vector<Change> changes_;
    JournalEnd end_;
};

// A short history with every kind of movement in it. The records that forgeries aim at are
// remembered by what they did.
class Verify : public World {
protected:
    void SetUp() override;

    // What verify says of the books after that forgery; empty if nothing.
    std::string heard(const std::function<void(ForgedBooks&)>& forge);
    // The same with the chain hashed again, so that only the meaning is wrong.
    std::string heard_with_chain(const std::function<void(ForgedBooks&)>& forge);

    // Forges one record; the words must name it and say what is wrong with it.
    void expect_found(Sequence at, std::string_view words,
                      const std::function<void(Change&)>& forge);
    void expect_transaction_found(Sequence at, std::string_view words,
                                  const std::function<void(Transaction&)>& forge);
    template <class T>
    void expect_put_found(Sequence at, std::string_view words,
                          const std::function<void(T&)>& forge) {
        expect_found(at, words, [&](Change& change) { forge_put<T>(change, forge); });
    }
    static void forge_transaction(Change& change, const std::function<void(Transaction&)>& forge);
    template <class T>
    static void forge_put(Change& change, const std::function<void(T&)>& forge) {
        bool forged = false;
        for (Record& put : change.puts) {
            auto* one = std::get_if<Ptr<T>>(&put);
            if (one == nullptr) continue;
            T copy = **one;
            forge(copy);
            put = std::make_shared<const T>(std::move(copy));
            forged = true;
        }
        EXPECT_TRUE(forged) << "the record has no such put";
    }
    template <class T>
    static void drop_puts(Change& change) {
        std::erase_if(change.puts,
                      [](const Record& put) { return std::holds_alternative<Ptr<T>>(put); });
    }

    static constexpr CurrencyId token = 3;  // of a chain
    static constexpr CurrencyId of_nobody = 77;
    Sequence player_ = 0, deposited_ = 0, granted_ = 0, wagered_ = 0, paid_ = 0, second_ = 0,
             last_of_round_ = 0, rolled_back_ = 0, closed_ = 0, refused_ = 0, buried_ = 0,
             refused_and_buried_ = 0, promoted_ = 0, free_bet_ = 0, free_bet_back_ = 0, prized_ = 0,
             spent_ = 0, withdrawn_ = 0, adjusted_ = 0, held_ = 0, reversed_ = 0, marked_ = 0;

private:
    Sequence latest() const { return store_->end().sequence; }
    Sequence made_by(const Outcome& outcome) const;
    Move cash(TransactionKind kind, long units) const;
    void open_chain();
    void play_rounds();
    void play_free_bet();
    void move_cash();
    void bury_by_another_id();
};

}  // namespace coffer
