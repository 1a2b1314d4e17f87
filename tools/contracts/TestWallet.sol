// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// A smart-contract wallet with one owner, for test chains: it judges signatures (EIP-1271). The owner's stands alone, or
/// with a byte before it that says which validator it is for, as wallets with several have it. Own work.
contract TestWallet {
    bytes4 private constant MAGIC = 0x1626ba7e;

    address public immutable owner;

    constructor(address owner_) { owner = owner_; }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bytes calldata own = signature.length == 66 ? signature[1:] : signature;
        if (own.length != 65) return 0xffffffff;
        address signer = ecrecover(hash, uint8(own[64]), bytes32(own[:32]), bytes32(own[32:64]));
        return signer != address(0) && signer == owner ? MAGIC : bytes4(0xffffffff);
    }
}

/// Deploys them where their owners say beforehand, so that a wallet has an address before it has code (EIP-6492).
contract TestWalletFactory {
    function deploy(address owner) external returns (address wallet) {
        wallet = addressOf(owner);
        if (wallet.code.length == 0) new TestWallet{salt: 0}(owner);
    }

    function addressOf(address owner) public view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(TestWallet).creationCode, abi.encode(owner)));
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), code)))));
    }
}
