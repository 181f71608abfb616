#pragma once
// The fields of the records that are about chains beyond withdrawals, as record_fields.h has those
// of all others; whoever reads or writes records includes this.

#include "store/record_fields.h"

namespace coffer {

template <class Coder, Of<DepositRoot> Value>
void code(Coder& coder, Value& root) {
    coder.text(root.key);
    coder.bytes(root.chain_code);
    coder.number(root.next_index);
    coder.near(root.created, coder.context.time);
}

template <class Coder, Of<DepositAddress> Value>
void code(Coder& coder, Value& address) {
    coder.number(address.tenant);
    coder.text(address.player);
    coder.number(address.index);
    coder.text(address.address);
    coder.near(address.created, coder.context.time);
}

template <class Coder, Of<AddressOwner> Value>
void code(Coder& coder, Value& owner) {
    coder.text(owner.address);
    coder.number(owner.tenant);
    coder.text(owner.player);
    coder.number(owner.index);
}

template <class Coder, Of<DepositWatch> Value>
void code(Coder& coder, Value& watch) {
    coder.number(watch.currency);
    coder.number(watch.tenant);
    coder.number(watch.chain);
    coder.text(watch.contract);
    coder.number(watch.first_block);
    coder.number(watch.next_block);
    coder.near(watch.created, coder.context.time);
}

template <class Coder, Of<ChainDeposit> Value>
void code(Coder& coder, Value& deposit) {
    coder.number(deposit.chain);
    coder.bytes(deposit.transaction);
    coder.number(deposit.log_index);
    coder.number(deposit.tenant);
    coder.text(deposit.player, repeated(coder.context).player);
    coder.number(deposit.currency);
    coder.text(deposit.address);
    coder.text(deposit.sender);
    coder.text(deposit.units);
    coder.number(deposit.decimals);
    coder.amount(deposit.amount);
    coder.text(deposit.rest);
    coder.number(deposit.block);
    coder.bytes(deposit.block_hash);
    coder.near(deposit.recorded_by, coder.context.sequence);
    coder.near(deposit.created, coder.context.time);
}

template <class Coder, Of<ChainTransfer> Value>
void code(Coder& coder, Value& transfer) {
    coder.number(transfer.chain);
    coder.text(transfer.from);
    coder.number(transfer.nonce);
    coder.choice(transfer.purpose, TransferPurpose::top_up, TransferPurpose::sweep);
    coder.text(transfer.to);
    coder.text(transfer.contract);
    coder.text(transfer.units);
    coder.choice(transfer.state, WithdrawalState::signed_, WithdrawalState::final_);
    coder.number(transfer.step);
    coder.list(transfer.attempts, [&](auto& attempt) { code(coder, attempt); });
    coder.bytes(transfer.mined);
    coder.number(transfer.block);
    coder.bytes(transfer.block_hash);
    coder.flag(transfer.reverted);
    coder.amount(transfer.gas_fee);
    coder.near(transfer.created, coder.context.time);
    coder.near(transfer.modified, coder.context.time);
}

template <class Coder, Of<ChainPause> Value>
void code(Coder& coder, Value& pause) {
    coder.number(pause.chain);
    coder.flag(pause.paused);
    coder.text(pause.reason);
    coder.near(pause.modified, coder.context.time);
}

template <class Coder, Of<WithdrawalRetry> Value>
void code(Coder& coder, Value& retry) {
    coder.near(retry.withdrawal, coder.context.sequence);
    coder.number(retry.step);
    coder.near(retry.asked, coder.context.time);
}

}  // namespace coffer
