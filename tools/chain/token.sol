// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

// The least of an ERC-20 that a withdrawal needs, for tests: whoever makes it has all of it, and
// transfers to one address can be made to revert.
contract Token {
    mapping(address => uint256) public balanceOf;
    address public refused;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    constructor() {
        balanceOf[msg.sender] = 10 ** 30;
        emit Transfer(address(0), msg.sender, 10 ** 30);
    }

    function refuse(address to) external {
        refused = to;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        require(to != refused, "refused");
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        emit Transfer(msg.sender, to, amount);
        return true;
    }
}
