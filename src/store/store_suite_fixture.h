#pragma once
// One suite over every kind of store: are they the same thing?
//
// A kind has open(), which makes a store or makes it again over the same records, and `lasts`,
// whether the latter is possible.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>

#include "store/history_sample.h"
#include "store/memory_store.h"
#include "store/store.h"

namespace coffer {

template <class Kind>
class StoreSuite : public testing::Test {
protected:
    Kind kind_;
    std::unique_ptr<Store> store_ = kind_.open();

    Record find(const RecordKey& key) {
        const Result<Record> found = store_->find(key);
        EXPECT_TRUE(found) << found.error().detail;
        Record first, more;
        EXPECT_TRUE(store_->begin({&key, 1}, {&first, 1}));
        EXPECT_TRUE(store_->read({&key, 1}, {&more, 1}));
        EXPECT_TRUE(store_->commit({}));
        EXPECT_EQ(describe(first), describe(*found));
        EXPECT_EQ(describe(more), describe(*found));
        return found ? *found : Record{};
    }
    // A whole batch that reads nothing, committed in two steps as the lane does it.
    Result<void> write(std::vector<Change>& changes) {
        const auto begun = store_->begin({}, {});
        if (!begun) return std::unexpected(begun.error());
        const auto told = std::make_shared<std::atomic<int>>(0);
        store_->start_commit(changes, [told] {
            told->fetch_add(1);
            told->notify_all();
        });
        told->wait(0);
        const Result<void> done = store_->finish_commit();
        EXPECT_EQ(told->load(), 1);
        return done;
    }
    void commit(std::vector<Change> changes) {
        const Result<void> done = write(changes);
        ASSERT_TRUE(done) << done.error().detail;
    }
};

TYPED_TEST_SUITE_P(StoreSuite);

TYPED_TEST_P(StoreSuite, AnEmptyStoreHasNothing) {
    EXPECT_EQ(this->store_->end().sequence, 0U);
    EXPECT_EQ(describe(this->find(this->store_->keys().tenant(1))), "absent");
    EXPECT_EQ(this->store_->change(1).error().code, ErrorCode::not_found);
    EXPECT_TRUE(this->store_->upward(1, [](const Change&) { return ADD_FAILURE(), true; }));
    EXPECT_TRUE(this->store_->downward(9, [](const Change&) { return ADD_FAILURE(), true; }));
}

TYPED_TEST_P(StoreSuite, EveryRecordIsFoundAsItWasPutLast) {
    HistorySample history({.seed = 3}, this->store_->end());
    std::map<std::string, std::pair<RecordKey, std::string>> latest;
    for (int batch = 0; batch < 60; ++batch) {
        std::vector<Change> changes = history.next(1 + static_cast<std::size_t>(batch) % 9);
        for (const Change& change : changes) {
            for (const Record& put : change.puts) {
                if (std::holds_alternative<Ptr<Key>>(put)) continue;
                const RecordKey key = this->store_->keys().of(put);
                latest[key.text] = {key, describe(put)};
            }
        }
        this->commit(changes);
    }
    EXPECT_GT(latest.size(), 50U);
    for (const auto& [text, known] : latest)
        EXPECT_EQ(describe(this->find(known.first)), known.second);
}

TYPED_TEST_P(StoreSuite, AChangeThatBringsItsNamesIsFoundUnderThem) {
    const KeyMaker& keys = this->store_->keys();
    HistorySample history({.seed = 5}, this->store_->end());
    std::vector<Change> changes = history.next(20);
    std::string scratch;
    for (Change& change : changes) {
        if (change.transaction) change.names.push_back(keys.hash_of(*change.transaction, scratch));
        for (const Record& put : change.puts) {
            change.names.push_back(keys.hash_of(put, scratch));
        }
    }
    this->commit(changes);
    for (const Change& change : changes) {
        if (!change.transaction) continue;
        const Record found = this->find(keys.of(*change.transaction));
        ASSERT_TRUE(std::holds_alternative<Ptr<Key>>(found));
        EXPECT_EQ(std::get<Ptr<Key>>(found)->original, change.sequence);
    }
}

TYPED_TEST_P(StoreSuite, ARolledBackKeyBringsItsTransaction) {
    const KeyMaker& keys = this->store_->keys();
    HistorySample history({.seed = 1, .players = 1, .directory_percent = 0}, this->store_->end());
    std::size_t rollbacks = 0;
    for (int batch = 0; batch < 40; ++batch) {
        const std::vector<Change> changes = history.next(5);
        this->commit(changes);
        for (const Change& change : changes) {
            if (change.transaction->kind != TransactionKind::rollback) continue;
            ++rollbacks;
            const Record found = this->find(keys.of(change.puts[1]));
            const Key& key = *std::get<Ptr<Key>>(found);
            EXPECT_EQ(key.state, KeyState::rolled_back);
            EXPECT_EQ(key.rollback, change.sequence);
            ASSERT_TRUE(key.transaction);
            EXPECT_EQ(key.transaction->sequence, change.transaction->reverses);
            EXPECT_EQ(key.transaction->external_id, change.transaction->reference);
        }
    }
    EXPECT_GT(rollbacks, 2U);
}

TYPED_TEST_P(StoreSuite, AKeyPutByTheChangeThatTookItBringsThatTransaction) {
    auto transaction = std::make_shared<Transaction>();
    transaction->sequence = 1;
    transaction->group = KeyGroup::rgs;
    transaction->external_id = "id";
    transaction->status = TransactionStatus::refused;
    auto key = std::make_shared<Key>();
    key->group = KeyGroup::rgs;
    key->external_id = "id";
    key->state = KeyState::refused;
    key->tombstoned = true;
    key->original = 1;
    this->commit({{.sequence = 1, .transaction = transaction, .puts = {Ptr<Key>(key)}}});
    const Record found = this->find(this->store_->keys().of(*transaction));
    EXPECT_TRUE(std::get<Ptr<Key>>(found)->tombstoned);
    EXPECT_EQ(std::get<Ptr<Key>>(found)->transaction->external_id, "id");
}

TYPED_TEST_P(StoreSuite, OfTwinsInOneBatchTheLaterIsFound) {
    const auto named = [](Sequence sequence, const char* name) {
        auto tenant = std::make_shared<Tenant>();
        tenant->id = 9;
        tenant->name = name;
        return Change{.sequence = sequence, .puts = {Ptr<Tenant>(tenant)}};
    };
    this->commit({named(1, "first"), named(2, "second")});
    const RecordKey key = this->store_->keys().tenant(9);
    EXPECT_EQ(std::get<Ptr<Tenant>>(this->find(key))->name, "second");
    this->commit({named(3, "third")});
    EXPECT_EQ(std::get<Ptr<Tenant>>(this->find(key))->name, "third");
}

TYPED_TEST_P(StoreSuite, AbsenceIsForgottenOnceTheRecordIsThere) {
    const RecordKey key = this->store_->keys().tenant(9);
    EXPECT_EQ(describe(this->find(key)), "absent");
    auto tenant = std::make_shared<Tenant>();
    tenant->id = 9;
    this->commit({{.sequence = 1, .puts = {Ptr<Tenant>(tenant)}}});
    EXPECT_NE(describe(this->find(key)), "absent");
}

TYPED_TEST_P(StoreSuite, ChangesThatDoNotFollowAreRefusedAndLeaveNothing) {
    HistorySample history({}, {});
    this->commit(history.next(4));
    const JournalEnd before = this->store_->end();
    const auto refused = [&](std::vector<Change> changes) {
        const Result<void> done = this->write(changes);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::invalid);
        EXPECT_EQ(this->store_->end().hash, before.hash);
    };
    const Time now = before.time;
    refused({{.sequence = 4, .time = now}});
    refused({{.sequence = 6, .time = now}});
    refused({{.sequence = 5, .time = now}, {.sequence = 7, .time = now}});
    refused({{.sequence = 5, .time = now - 1}});
    EXPECT_EQ(this->store_->change(5).error().code, ErrorCode::not_found);
    this->commit({{.sequence = 5, .time = now}});
    EXPECT_EQ(this->store_->end().sequence, 5U);
}

TYPED_TEST_P(StoreSuite, TheChainCoversEveryByte) {
    HistorySample history({}, {});
    Digest expected{};
    std::vector<Change> changes = history.next(20);
    ASSERT_TRUE(this->write(changes));
    for (Sequence sequence = 1; sequence <= 20; ++sequence) {
        const Result<Change> change = this->store_->change(sequence);
        ASSERT_TRUE(change);
        EXPECT_EQ(change->previous_hash, expected);
        // commit() fills it in for its caller, too.
        EXPECT_EQ(changes[sequence - 1].previous_hash, expected);
        expected = sha256(describe(*change));
    }
    EXPECT_EQ(this->store_->end().hash, expected);
    EXPECT_EQ(this->store_->end().time, changes.back().time);
}

TYPED_TEST_P(StoreSuite, TheJournalIsWalkedBothWaysAndUntilTold) {
    HistorySample history({}, {});
    this->commit(history.next(30));
    std::vector<Sequence> seen;
    const auto until = [&](Sequence last) {
        seen.clear();
        return [&seen, last](const Change& change) {
            seen.push_back(change.sequence);
            return change.sequence != last;
        };
    };
    EXPECT_TRUE(this->store_->upward(28, until(0)));
    EXPECT_EQ(seen, (std::vector<Sequence>{28, 29, 30}));
    EXPECT_TRUE(this->store_->upward(0, until(2)));
    EXPECT_EQ(seen, (std::vector<Sequence>{1, 2}));
    EXPECT_TRUE(this->store_->downward(100, until(29)));
    EXPECT_EQ(seen, (std::vector<Sequence>{30, 29}));
    EXPECT_TRUE(this->store_->downward(2, until(0)));
    EXPECT_EQ(seen, (std::vector<Sequence>{2, 1}));
    EXPECT_TRUE(this->store_->upward(31, until(0)));
    EXPECT_TRUE(seen.empty());
}

TYPED_TEST_P(StoreSuite, EachRecordOfAKindIsVisitedOnceInItsLatestForm) {
    HistorySample history({.seed = 5, .directory_percent = 60}, {});
    std::map<std::string, std::string> latest;
    for (int batch = 0; batch < 30; ++batch) {
        const std::vector<Change> changes = history.next(10);
        this->commit(changes);
        for (const Change& change : changes) {
            for (const Record& put : change.puts) {
                if (!std::holds_alternative<Ptr<Session>>(put)) continue;
                latest[this->store_->keys().of(put).text] = describe(put);
            }
        }
    }
    std::map<std::string, std::string> visited;
    EXPECT_TRUE(this->store_->each(RecordKind::session, [&](const Record& record) {
        const std::string text = this->store_->keys().of(record).text;
        EXPECT_TRUE(visited.emplace(text, describe(record)).second);
        return true;
    }));
    EXPECT_EQ(visited, latest);
    std::size_t count = 0;
    EXPECT_TRUE(this->store_->each(RecordKind::alias, [&](const Record&) { return ++count < 2; }));
    EXPECT_EQ(count, 2U);
}

TYPED_TEST_P(StoreSuite, WhatWasCommittedIsThereAfterReopening) {
    if constexpr (TypeParam::lasts) {
        for (std::uint64_t round = 0; round < 4; ++round) {
            HistorySample history({.seed = round}, this->store_->end());
            for (int batch = 0; batch < 10; ++batch) this->commit(history.next(7));
            const JournalEnd end = this->store_->end();
            this->store_.reset();
            this->store_ = this->kind_.open();
            ASSERT_TRUE(this->store_);
            EXPECT_EQ(this->store_->end().hash, end.hash);
            EXPECT_EQ(disagreement(*this->store_), "");
        }
    }
}

TYPED_TEST_P(StoreSuite, RecoveringFromNothingGivesTheEnd) {
    HistorySample history({}, {});
    this->commit(history.next(3));
    const auto end = this->store_->recover();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->sequence, 3U);
}

TYPED_TEST_P(StoreSuite, WhatIsStagedIsTrueOnlyWithItsBatch) {
    HistorySample history({.seed = 4, .players = 2}, {});
    std::vector<Change> changes = history.next(9);
    const auto stage = [&](std::size_t count) {
        this->store_->stage(std::span(changes).first(count));
    };
    ASSERT_TRUE(this->store_->begin({}, {}));
    stage(3);
    stage(7);
    EXPECT_EQ(this->store_->change(1).error().code, ErrorCode::not_found);
    ASSERT_TRUE(this->store_->recover());
    EXPECT_EQ(this->store_->end().sequence, 0U);
    // The same names in two pieces of a batch, and for the second time in the third.
    ASSERT_TRUE(this->store_->begin({}, {}));
    stage(3);
    std::vector<RecordKey> wanted;
    for (const Change& change : std::span(changes).subspan(7)) {
        if (change.transaction) wanted.push_back(this->store_->keys().of(*change.transaction));
    }
    ASSERT_FALSE(wanted.empty());
    std::vector<Record> found(wanted.size());
    ASSERT_TRUE(this->store_->read(wanted, found));
    for (const Record& record : found) EXPECT_EQ(describe(record), "absent");
    stage(7);
    ASSERT_TRUE(this->store_->commit(changes));
    EXPECT_EQ(this->store_->end().sequence, 9U);
    // What is read behind what was sent is not taken for it.
    changes = history.next(9);
    ASSERT_TRUE(this->store_->begin({}, {}));
    stage(4);
    ASSERT_TRUE(this->store_->read(wanted, found));
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        EXPECT_EQ(describe(found[at]), describe(*this->store_->find(wanted[at])));
    }
    ASSERT_TRUE(this->store_->commit(changes));
    this->commit(history.next(200));
    EXPECT_EQ(disagreement(*this->store_), "");
}

TYPED_TEST_P(StoreSuite, ReadingForTheNextBatchGoesOnWhileOneIsCommitted) {
    HistorySample history({.seed = 6}, this->store_->end());
    std::map<std::string, std::pair<RecordKey, std::string>> latest;
    ASSERT_TRUE(this->store_->begin({}, {}));
    for (int batch = 0; batch < 40; ++batch) {
        std::vector<Change> changes = history.next(20);  // more than are written at once
        const auto busy = std::make_shared<std::atomic<bool>>(true);
        this->store_->start_commit(changes, [busy] { *busy = false; });
        std::map<std::string, std::pair<RecordKey, std::string>> made;
        for (const Change& change : changes) {
            for (const Record& put : change.puts) {
                if (std::holds_alternative<Ptr<Key>>(put)) continue;
                const RecordKey key = this->store_->keys().of(put);
                made.insert_or_assign(key.text, std::pair(key, describe(put)));
            }
        }
        bool again = true;
        do {
            again = *busy;
            for (const auto& [text, known] : latest) {
                if (made.contains(text)) continue;
                Record found;
                const auto read = this->store_->read({&known.first, 1}, {&found, 1});
                // A link to read over may not have been made yet.
                if (read) {
                    ASSERT_EQ(describe(found), known.second);
                } else {
                    ASSERT_EQ(read.error().code, ErrorCode::aborted) << read.error().detail;
                }
            }
        } while (again);
        ASSERT_TRUE(this->store_->finish_commit());
        made.merge(latest);  // where both have it, the newer stays
        latest = std::move(made);
    }
    for (const auto& [text, known] : latest) {
        const auto found = this->store_->find(known.first);
        ASSERT_TRUE(found);
        EXPECT_EQ(describe(*found), known.second);
    }
    EXPECT_EQ(disagreement(*this->store_), "");
}

REGISTER_TYPED_TEST_SUITE_P(
    StoreSuite, ReadingForTheNextBatchGoesOnWhileOneIsCommitted, AnEmptyStoreHasNothing,
    EveryRecordIsFoundAsItWasPutLast, AChangeThatBringsItsNamesIsFoundUnderThem,
    ARolledBackKeyBringsItsTransaction, AKeyPutByTheChangeThatTookItBringsThatTransaction,
    OfTwinsInOneBatchTheLaterIsFound, AbsenceIsForgottenOnceTheRecordIsThere,
    ChangesThatDoNotFollowAreRefusedAndLeaveNothing, TheChainCoversEveryByte,
    TheJournalIsWalkedBothWaysAndUntilTold, EachRecordOfAKindIsVisitedOnceInItsLatestForm,
    WhatWasCommittedIsThereAfterReopening, RecoveringFromNothingGivesTheEnd,
    WhatIsStagedIsTrueOnlyWithItsBatch);

// Commits a batch that has begun, and one that is decided meanwhile: it looks at what it will put,
// but for what the first one puts, which a lane knows.
inline void expect_committed_with_one_ahead(Store& store, std::vector<Change>& changes,
                                            std::vector<Change>& next) {
    store.start_commit(changes, [] {});
    std::vector<Hash16> made;
    for (const Change& change : changes) {
        for (const Record& put : change.puts) made.push_back(store.keys().of(put).hash);
    }
    std::vector<RecordKey> seen;
    for (const Change& change : next) {
        for (const Record& put : change.puts) {
            RecordKey key = store.keys().of(put);
            if (std::ranges::find(made, key.hash) == made.end()) seen.push_back(std::move(key));
        }
    }
    std::vector<Record> found(seen.size());
    const bool decided = next.empty() || store.read(seen, found).has_value();
    RC_ASSERT(store.finish_commit().has_value());
    if (next.empty()) return;
    if (!decided) RC_ASSERT(store.begin({}, {}).has_value());
    store.start_commit(next, [] {});
    RC_ASSERT(store.finish_commit().has_value());
}

// Any history, cut into any batches: after each, what a lane would read next is as the model has
// it. `store` is empty and has small caches.
inline void expect_like_model(Store& store, std::uint64_t seed, std::size_t batches) {
    MemoryStore model;
    HistorySample history({.seed = seed}, {});
    std::mt19937_64 random(seed);
    std::vector<Record> puts;
    const std::vector<Change> none;
    for (std::size_t batch = 0; batch < batches; ++batch) {
        std::vector<Change> changes = history.next(1 + random() % 12);
        RC_ASSERT(model.commit(changes).has_value());
        // Some of what it puts is looked at before, and some is sent ahead, as a lane does.
        std::vector<RecordKey> seen;
        for (const Change& change : changes) {
            for (const Record& put : change.puts) seen.push_back(store.keys().of(put));
        }
        std::vector<Record> before(seen.size());
        RC_ASSERT(store.begin(seen, before).has_value());
        store.stage(std::span(changes).first(random() % (changes.size() + 1)));
        std::vector<Change> next = random() % 2 == 0 ? history.next(1 + random() % 12) : none;
        if (!next.empty()) RC_ASSERT(model.commit(next).has_value());
        expect_committed_with_one_ahead(store, changes, next);
        changes.insert(changes.end(), next.begin(), next.end());
        for (const Change& change : changes) {
            puts.insert(puts.end(), change.puts.begin(), change.puts.end());
        }
        std::vector<RecordKey> wanted, wanted_of_model;
        for (int count = 0; count < 8; ++count) {
            const Record& put = puts[random() % puts.size()];
            wanted.push_back(store.keys().of(put));
            wanted_of_model.push_back(model.keys().of(put));
        }
        wanted.push_back(store.keys().tenant(static_cast<TenantId>(random())));  // of nobody
        wanted_of_model.push_back(model.keys().tenant(0));
        std::vector<Record> found(wanted.size()), expected(wanted.size());
        RC_ASSERT(store.begin(wanted, found).has_value());
        RC_ASSERT(store.commit({}).has_value());
        RC_ASSERT(model.read(wanted_of_model, expected).has_value());
        for (std::size_t at = 0; at < found.size(); ++at) {
            RC_ASSERT(describe(found[at]) == describe(expected[at]));
        }
    }
    RC_ASSERT(disagreement(store) == "");
    RC_ASSERT(store.end().hash == model.end().hash);
}

}  // namespace coffer
